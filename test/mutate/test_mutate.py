"""The mutator itself: where mutations lie, what they change, and what is drawn."""

import itertools
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import mutate  # noqa: E402
from mutations import mutations  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[2]


def changes(body, **options):
    """What becomes of the body of a function, one for each mutation."""
    text = f"int f(void)\n{{\n{body}\n}}\n"
    out = []
    for m in mutations(text, **options):
        new = m.apply(text)
        assert new != text
        assert text.split("\n")[m.line - 1] != new.split("\n")[m.line - 1]
        out.append((m.kind, new.removeprefix("int f(void)\n{\n").removesuffix("\n}\n")))
    return out


@pytest.mark.parametrize("old, new", [
    ("a < b", "a <= b"), ("a <= b", "a < b"), ("a > b", "a >= b"), ("a >= b", "a > b"),
    ("a == b", "a != b"), ("a != b", "a == b")])
def test_relations(old, new):
    assert changes(old) == [("relation", new)]


@pytest.mark.parametrize("old, new", [
    ("a && b", "a || b"), ("a || b", "a && b"), ("!a", "a")])
def test_logic(old, new):
    assert changes(old) == [("logic", new)]


@pytest.mark.parametrize("old, new", [
    ("9", "10"), ("0x0f", "0x10"), ("077", "0100"), ("0;", "1;"), ("5ULL", "6ULL"),
    ("a + b", "a - b"), ("a - b", "a + b"), ("f(x) - y", "f(x) + y"), ("a += b", "a -= b"),
    ("i++", "i--"), ("--i", "++i")])
def test_off_by_one(old, new):
    assert changes(old) == [("off by one", new)]


def test_returns_are_swapped_and_other_truths_are_not():
    assert changes("return true;") == [("return", "return false;")]
    assert changes("return false;") == [("return", "return true;")]
    assert changes("x = true;") == []


@pytest.mark.parametrize("body", [
    "a->b", "a & b", "a << b", "a >>= b", "*a = -b", "x = +b", "f(-b)", "return -b;", "a1 = b2",
    "/* a < 1 */", "// a < 1", '"a < 1 \\" b < 2"', "'<'", "'\\''",
    "#if A < 1", "\t#define A (a < 1) \\\n\t&& b", "#include <a.h>",
    "_Static_assert(1 < 2, x);", "static_assert(a == b);",
    'log_info("%d", a < b || !f(1));', "log_error(1, 2);", "sizeof(a[0])",
    "struct x y = {0};", "return (struct x){0};", "mem_alloc(n + 1);", "mem_grow(a, 2 * n, 1);",
    "(void)!f(a);", "char name[32];", "char *name[32];", "char one[4], two[4];", "1.5", "1e6"])
def test_what_is_left_alone(body):
    assert changes(body) == []


def test_what_follows_what_is_left_alone():
    assert changes('log_info("%d", 1); a < b') == [("relation", 'log_info("%d", 1); a <= b')]
    assert changes('"a" "b" == c') == [("relation", '"a" "b" != c')]
    assert changes("#if 1\n\ta < b\n#endif") == [("relation", "#if 1\n\ta <= b\n#endif")]


def test_an_index_is_no_array_size():
    assert changes("x = a[0];") == [("off by one", "x = a[1];")]
    assert changes("return a[0];") == [("off by one", "return a[1];")]


def test_only_bodies_and_tables_are_changed():
    assert mutations("int f(int a[3]);\nint b = 1 + 2;\nint n = N(1);\n") == []
    text = "static const int t[] = {\n\t1,\n};\n"
    assert [(m.line, m.new) for m in mutations(text)] == [(2, "2")]


@pytest.mark.parametrize("old, new", [
    ("f(a, g(b));", ";"), ("a = b;", ";"), ("a->b[i].c |= d;", ";"), ("\tg();\n\ta;", "\t;\n\ta;"),
    ("if (x)\n\tg();", "if (x)\n\t;"), ("do\n\tg();\nwhile (x);", None)])
def test_statements_are_dropped_where_that_is_asked_for(old, new):
    assert [c for c in changes(old, dropped=True) if c[0] == "dropped"] == \
        ([("dropped", new)] if new else [])
    assert [c for c in changes(old) if c[0] == "dropped"] == []


@pytest.mark.parametrize("body", [
    "return f(a);", "if (a) b;", "for (;;) b;", "int a = b;", "free(a);", "buf_clear(&b);",
    "while (f(a)) ;", "log_info(a);"])
def test_declarations_control_and_releases_are_not_dropped(body):
    assert changes(body, dropped=True) == []


def test_lines_are_counted_from_one():
    text = "int f(void)\n{\n\t/*\n\t * a\n\t */\n\ta < b;\n\tc < d;\n}\n"
    assert [m.line for m in mutations(text)] == [6, 7]


SOURCES = [("src/core/a.c", "int f(void)\n{\n\ta < b && c;\n\treturn true;\n}\n"),
           ("src/model/b.c", "int g(void)\n{\n\tx == 1;\n}\n")]


def test_a_seed_draws_the_same_ones_and_another_seed_another_order():
    def keys(seed):
        return [m.key() for m in mutate.draw(SOURCES, seed, False)]
    assert keys(1) == keys(1)
    assert len({tuple(keys(seed)) for seed in range(20)}) > 3


def test_every_mutation_is_drawn_once():
    drawn = [m.key() for m in mutate.draw(SOURCES, 3, False)]
    assert sorted(drawn) == sorted(set(drawn))
    assert set(drawn) == {
        ("src/core/a.c", "a < b && c;", "a <= b && c;"), ("src/core/a.c", "a < b && c;", "a < b || c;"),
        ("src/core/a.c", "return true;", "return false;"),
        ("src/model/b.c", "x == 1;", "x != 1;"), ("src/model/b.c", "x == 1;", "x == 2;")}


def test_lines_are_drawn_alike_however_many_mutations_they_hold():
    first = [next(mutate.draw(SOURCES, seed, False)).mutation.line for seed in range(600)]
    assert 150 < first.count(4) < 250  # One of three lines.


def test_known_equivalents_are_read():
    text = "# about\n\na.c\n- x < 1\n+ x <= 1\nwhy\nand why\n\n\nb.c\n- y\n+ z\nso\n"
    assert mutate.equivalents(text) == {("a.c", "x < 1", "x <= 1"): "why and why",
                                        ("b.c", "y", "z"): "so"}
    with pytest.raises(ValueError):
        mutate.equivalents("a.c\n- x\n+ y\n")


def test_known_equivalents_are_mutations_that_there_are():
    known = mutate.equivalents(mutate.EQUIVALENT.read_text())
    paths = sorted({path for path, _, _ in known})
    sources = [(path, (ROOT / path).read_text()) for path in paths]
    assert set(known) <= {m.key() for m in mutate.draw(sources, 0, True)}


def test_every_source_has_mutations_and_none_breaks_the_text():
    sources = mutate.chosen(None)
    assert {path.split("/")[1] for path, _ in sources} == set(mutate.ROOMS)
    for path, text in sources:
        found = mutations(text, True)
        for m in found:
            assert text[m.start:m.end] != m.new, path
        assert found == sorted(found, key=lambda m: m.start), path
    assert sum(1 for _ in itertools.chain(*(mutations(t) for _, t in sources))) > 3000


def test_the_rate_is_that_of_what_compiles_and_equivalents_do_not_count_as_killed(capsys):
    drawn = list(mutate.draw(SOURCES, 1, False))
    for m, result in zip(drawn, ["killed", "killed", "survived", "survived", "does not compile"]):
        m.result = result
    rate = mutate.report(drawn, {drawn[2].key(): "it is the same"})
    printed = capsys.readouterr().out
    assert rate == 0.5
    assert "2 of 4 killed (50.0 %), 2 survived (1 of them known to be equivalent), " \
        "1 did not compile" in printed
    assert "it is the same" in printed and str(drawn[3]) in printed


def test_a_program_that_hangs_or_crashes_or_fails_does_not_pass(tmp_path):
    def passes(line, seconds=10):
        program = tmp_path / "program"
        program.write_text(f"#!/bin/sh\n{line}\n")
        program.chmod(0o755)
        return mutate.passes(str(program), str(tmp_path), seconds)
    assert passes("exit 0")
    assert not passes("exit 1")
    assert not passes("kill -SEGV $$")
    assert not passes("sleep 30", seconds=0.2)
    assert passes('[ -d "$TMPDIR" ] && echo >"$TMPDIR/x"')
