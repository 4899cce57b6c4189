"""What the tests of the package share: its build, and clean systems (tar files made by mmdebstrap, kept
in build/package from run to run)."""

import hashlib
import os
import pathlib
import re
import shutil
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
FOLDER = ROOT / "build" / "package"
TOOLS = ("dpkg-buildpackage", "dh", "scdoc", "lintian")
EPOCH = "1767323045"
BUILD_LIMIT = 600


def run(*command, status=0, **keys):
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True,
                          stdin=subprocess.DEVNULL, timeout=BUILD_LIMIT, **keys)
    if status is not None:
        assert done.returncode == status, (command, done.stdout[-4000:], done.stderr[-4000:])
    return done


def cannot(why):
    if os.environ.get("CI") == "true":
        pytest.fail(f"on CI the package must be tested: {why}", pytrace=False)
    pytest.skip(why)


def build(folder):
    """The package that ./dev makes there; without a finding of lintian's, or it would fail."""
    missing = [t for t in TOOLS if not shutil.which(t)]
    if missing:
        cannot(f"there is no {', '.join(missing)} (./dev setup all)")
    run("./dev", "package", cwd=folder, env={**os.environ, "SOURCE_DATE_EPOCH": EPOCH})
    (made,) = (folder / "build" / "package").glob("*.deb")
    return made


def field(deb, name):
    return run("dpkg-deb", "-f", deb, name).stdout.strip()


def clean_system(deb, *more):
    """A tar file of one with what the package depends on, and these packages."""
    if os.geteuid() != 0 or not shutil.which("mmdebstrap"):
        cannot("only root with mmdebstrap can make a system to try it in")
    needs = ",".join([re.sub(r"\([^)]*\)|\s", "", field(deb, "Depends")), *more])
    tree = FOLDER / f"base-{hashlib.sha256(needs.encode()).hexdigest()[:12]}.tar"
    if not tree.exists():
        half = tree.with_suffix(".half.tar")
        done = run("mmdebstrap", "--quiet", "--variant=minbase", f"--include={needs}", "bookworm",
                   half, status=None)
        if done.returncode:
            cannot(f"mmdebstrap: {done.stderr.strip().splitlines()[-1:]}")
        half.rename(tree)
    return tree


def unpack(tree, folder, deb):
    folder.mkdir()
    run("tar", "-xf", tree, "-C", folder)
    shutil.copy(deb, folder / "root" / "ptp-archiver.deb")
