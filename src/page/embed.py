"""embed.py FILE HEADER NAME: a file as a C string, so that the page is one response."""

import pathlib
import sys

source, header, name = sys.argv[1:]
lines = [line.strip() for line in pathlib.Path(source).read_text().splitlines()]
# The comments at the line's begin are for those who read the source.
kept = [line for line in lines if line and not line.startswith(("//", "/*"))]
quoted = "\n".join('\t"' + line.replace("\\", "\\\\").replace('"', '\\"') + '\\n"' for line in kept)
pathlib.Path(header).write_text(f"static const char {name}[] =\n{quoted};\n")
