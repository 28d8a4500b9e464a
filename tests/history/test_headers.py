"""Headers are read as text where that is sure to tell the same as an import."""

from __future__ import annotations

import sys

import pytest
from alembic.script import Script, ScriptDirectory

from alembic_migrate.history.headers import Broken, Header, read

REST = "down_revision = 'a'\nbranch_labels = None\ndepends_on = None\n"

LITERAL = {
    "plain": f"revision = 'b'\n{REST}",
    "annotated": "revision: str = 'b'\ndown_revision: str | None = 'a'\nbranch_labels: object\n",
    "no labels and no dependencies": "revision = 'b'\ndown_revision = None\n",
    "tuples and lists": (
        "revision = 'b'\ndown_revision = ('a', 'c')\nbranch_labels = ['x']\ndepends_on = ('d',)\n"
    ),
    "empty tuples": "revision = 'b'\ndown_revision = ()\nbranch_labels = []\ndepends_on = ()\n",
    "strings in parts": f"revision = ('b' 'c')\n{REST}",
    "a docstring": f'"""first\nsecond\n\nthird\n  fourth\n"""\nrevision = "b"\n{REST}',
    "a docstring of blanks": f'"""\n \n"""\nrevision = "b"\n{REST}',
    "a string that is no docstring": f'import os\n"""first"""\nrevision = "b"\n{REST}',
    "an encoding": "# coding: latin-1\n'''\xe4'''\nrevision = 'b'\ndown_revision = '\xe4'\n",
    "a byte order mark": f"\ufeff'''said'''\nrevision = 'b'\n{REST}",
    "names of a function's own": (
        f"revision = 'b'\n{REST}\ndef upgrade(revision):\n    depends_on = revision\n"
        "    [down_revision for down_revision in ()]\n"
    ),
    "names of a class's own": f"revision = 'b'\n{REST}\nclass A:\n    revision = 'c'\n",
    "other names": f"revision = 'b'\n{REST}\nfor each in ():\n    x = y = each\nwith_x, z = 1, 2\n",
    "other names from functions": f"revision = 'b'\n{REST}\ndef f():\n    global x\n    x = 1\n",
    "words that reach, in texts": f"'''global'''\nrevision = 'b'\n{REST}\nx = 'vars __dict__'\n",
    "an escape that is none": f"revision = 'b'\n{REST}\nx = '\\d'\n",
    "a dotted id": f"revision = '2024.01'\n{REST}",
}

# What only an import tells, and what that is: revision and down_revision.
IMPORTED = {
    "a computed id": (f"revision = 'b' + 'c'\n{REST}", "bc", "a"),
    "a call": (f"revision = str('b')\n{REST}", "b", "a"),
    "an f-string": (f"x = 'b'\nrevision = f'{{x}}'\n{REST}", "b", "a"),
    "a second assignment": (f"revision = 'b'\n{REST}\nrevision = 'c'\n", "c", "a"),
    "several targets": (f"x = revision = 'b'\n{REST}", "b", "a"),
    "unpacking": ("revision, down_revision = 'b', 'a'\n", "b", "a"),
    "a condition": (f"revision = 'b'\n{REST}\nif True:\n    revision = 'c'\n", "c", "a"),
    "a loop": (f"revision = 'b'\n{REST}\nfor revision in 'cd': pass\n", "d", "a"),
    "an addition": (f"revision = 'b'\n{REST}\nrevision += 'c'\n", "bc", "a"),
    "a deletion": (f"revision = 'b'\n{REST}\ndown_revision = 'c'\n", "b", "c"),
    "an import by name": (f"{REST}from string import digits as revision\n", "0123456789", "a"),
    "an import of everything": (f"revision = 'b'\n{REST}from string import *\n", "b", "a"),
    "a context": (
        f"import contextlib\n{REST}with contextlib.nullcontext('b') as revision: pass\n",
        "b",
        "a",
    ),
    "a match": (f"revision = 'b'\n{REST}match 'c':\n    case revision: pass\n", "c", "a"),
    "a match of a rest": (
        f"revision = 'b'\n{REST}match {{}}:\n    case {{**other}}: revision = 'c'\n",
        "c",
        "a",
    ),
    "a walrus": (f"revision = 'b'\n{REST}print(revision := 'c', end='')\n", "c", "a"),
    "a walrus in a default": (
        f"revision = 'b'\n{REST}def f(x=(revision := 'c')): pass\n",
        "c",
        "a",
    ),
    "a global": (
        f"revision = 'b'\n{REST}def f():\n    global revision\n    revision = 'c'\nf()\n",
        "c",
        "a",
    ),
    "globals": (f"revision = 'b'\n{REST}globals()['revision'] = 'c'\n", "c", "a"),
    "globals in a function": (
        f"revision = 'b'\n{REST}def f():\n    globals().update(revision='c')\nf()\n",
        "c",
        "a",
    ),
    "exec": (f"revision = 'b'\n{REST}exec('revision = 3 * revision')\n", "bbb", "a"),
    "vars": (f"revision = 'b'\n{REST}vars()['revision'] = 'c'\n", "c", "a"),
    "a name made on demand": (
        f"{REST}def __getattr__(name):\n    return {{'revision': 'c'}}.get(name)\n",
        "c",
        "a",
    ),
    "another docstring": (f"revision = 'b'\n{REST}__doc__ = 'said'\n", "b", "a"),
    "a set": ("revision = 'b'\ndown_revision = {'a'}\n", "b", "a"),
}


def alembic_says(path):
    script = Script._from_path(ScriptDirectory(str(path.parent)), path)
    return Header(
        str(path),
        script.revision,
        script._versioned_down_revisions,
        tuple(script._orig_branch_labels),
        () if not script.dependencies else _tuple(script.dependencies),
        script.longdoc,
    )


def _tuple(value):
    return (value,) if isinstance(value, str) else tuple(value)


@pytest.fixture
def written(tmp_path):
    def write(text, name="b_file.py"):
        path = tmp_path / name
        encoding = "latin-1" if "latin-1" in text else "utf-8"
        path.write_bytes(text.encode(encoding))
        return path

    return write


@pytest.mark.parametrize("text", LITERAL.values(), ids=LITERAL)
def test_a_literal_header_is_what_an_import_says(written, text):
    import warnings

    path = written(text)
    found = read(str(path))
    with warnings.catch_warnings(action="ignore"):
        assert found._replace(inert=False) == alembic_says(path)


@pytest.mark.parametrize(("text", "revision", "down"), IMPORTED.values(), ids=IMPORTED)
def test_a_header_that_may_be_another_when_it_is_run_is_not_read(written, text, revision, down):
    path = written(text)
    says = alembic_says(path)
    assert (says.revision, says.down) == (revision, (down,))
    assert read(str(path)) is None


@pytest.mark.parametrize(
    "text",
    [
        "x = 1\n",
        "revision = 'b'\n",
        "revision = None\ndown_revision = None\n",
        "revision = ''\ndown_revision = None\n",
        "revision = 7\ndown_revision = None\n",
        "revision = 'b@c'\ndown_revision = None\n",
        "revision = 'b:c'\ndown_revision = None\n",
        "revision = 'b'\ndown_revision = 7\n",
        "revision = 'b'\ndown_revision = ''\n",
        "revision = 'b'\ndown_revision = ('a', None)\n",
        "revision = 'b'\ndown_revision = None\ndepends_on = {'a': 1}\n",
        "revision = 'b'\ndown_revision = None\nbranch_labels = b'x'\n",
    ],
)
def test_a_header_that_says_something_unusual_is_left_to_alembic(written, text):
    assert read(str(written(text))) is None


def test_an_id_is_taken_from_the_name_of_a_file_that_says_none(written):
    path = written("down_revision = None\n", "0a1b.py")
    assert read(str(path))._replace(inert=False) == alembic_says(path)
    assert read(str(path)).revision == "0a1b"
    assert read(str(written("down_revision = None\n", "0a1b_more.py"))) is None


def test_a_syntax_error_is_told_with_its_line_and_the_header_above_it_is_read(written):
    head = f"'''said'''\nrevision = 'b'\n{REST}"
    path = written(f"{head}\n\ndef upgrade(:\n    pass\n")
    found = read(str(path))
    assert found == Broken(
        str(path),
        f"the revision file {path} cannot be loaded: {path}:8: SyntaxError: invalid syntax",
        8,
        Header(str(path), "b", ("a",), (), (), "said"),
    )


@pytest.mark.parametrize(
    "text", ["revision = 'b'\nif (\n", "revision = 'b'\ndown_revision = (\n\ndef f():\n    pass\n"]
)
def test_a_header_with_a_syntax_error_of_its_own_is_not_read(written, text):
    found = read(str(written(text)))
    assert isinstance(found, Broken)
    assert found.header is None


def test_a_file_that_cannot_be_read_is_broken(tmp_path):
    gone = tmp_path / "b.py"
    (tmp_path / "c.py").mkdir()
    said = f"FileNotFoundError: [Errno 2] No such file or directory: '{gone}'"
    assert read(str(gone)) == Broken(
        str(gone), f"the revision file {gone} cannot be loaded: {said}", None, None
    )
    assert isinstance(read(str(tmp_path / "c.py")), Broken)


def test_a_file_with_zero_bytes_is_broken(written):
    found = read(str(written("revision = 'b'\0\n")))
    assert isinstance(found, Broken)
    assert "null byte" in found.message


def test_nothing_of_a_file_is_run(written):
    path = written(f"import sys\nsys.modules['was_run'] = 1\nrevision = 'b'\n{REST}")
    read(str(path))
    assert "was_run" not in sys.modules
