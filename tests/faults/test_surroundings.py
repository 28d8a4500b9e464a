"""Surroundings that a command does not choose: locale, home, folder, Python's flags, readers."""

from __future__ import annotations

import os
import subprocess

import pytest

from tests.faults.conftest import MODELS
from tests.faults.faulty import FIRST
from tests.projects import COMMAND, environment, revision_text

BARE = {"LANG": None, "LC_ALL": None, "HOME": None}
C_LOCALE = {"LANG": "C", "LC_ALL": "C"}
ASCII = {**C_LOCALE, "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
MESSAGE = "Größe für Žofia ☃"
ESCAPED = r"Gr\xf6\xdfe f\xfcr \u017dofia \u2603"


@pytest.fixture
def odd(project):
    """A project whose folder has blanks and letters beyond ASCII, with a message that has too."""
    lines = '[tool.alembic-migrate]\nmetadata = "shop:Base"\nurl = "sqlite:///app.db"\n'
    text = FIRST.replace("a step", MESSAGE)
    files = {"pyproject.toml": lines, "shop.py": MODELS, "migrations/versions/a1.py": text}
    return project(files, name="my prójekt ☃")


@pytest.mark.parametrize(
    ("env", "python"),
    [({}, None), (BARE, None), (C_LOCALE, None), ({}, ("-W", "error", "-m", "alembic_migrate"))],
    ids=["plain", "no home, no locale", "C locale", "-W error"],
)
def test_it_works_wherever_it_is(odd, env, python):
    done = odd.run("upgrade", env=env, python=python)
    assert done.stdout == "Upgraded to a1 (head), 1 revision\n"
    assert done.stderr == f"Running upgrade  -> a1, {MESSAGE}\n"
    written = odd.run("migrate", "-m", "x", "--rev-id", "b2", env=env, python=python)
    assert written.stdout == "Nothing to do: no changes detected\n"
    listed = odd.run("history", env=env, python=python)
    assert listed.stdout == f"<base> -> a1 (head), {MESSAGE}\n"


def test_letters_that_the_terminal_lacks_are_escaped(real_shop):
    project = real_shop({"a1.py": FIRST.replace("a step", MESSAGE)})
    done = project.run("upgrade", env=ASCII)
    assert done.stderr == f"Running upgrade  -> a1, {ESCAPED}\n"
    done = project.run("history", env=ASCII)
    assert done.stdout == f"<base> -> a1 (head), {ESCAPED}\n"


def test_errors_are_told_in_ascii_too(odd):
    done = odd.run("upgrade", "zzzé", env=ASCII, status=2)
    assert done.stdout == ""
    assert done.stderr.isascii()
    assert done.stderr.endswith("\n  alembic-db history lists the revisions\n")


def test_a_fault_under_python_w_error_is_told_like_any_other(odd):
    done = odd.run("upgrade", "zz", python=("-W", "error", "-m", "alembic_migrate"), status=2)
    assert done.stderr == (
        f"Error: there is no revision 'zz' in {odd.root}/migrations\n"
        "  alembic-db history lists the revisions\n"
    )


@pytest.mark.parametrize("args", [("history",), ("upgrade", "--sql"), ("--help",)])
def test_a_reader_that_closes_stdout_is_no_error(real_shop, args):
    many = {f"r{n}.py": revision_text(f"r{n}", f"r{n - 1}" if n else "a1") for n in range(30)}
    project = real_shop(many)
    reading, writing = os.pipe()
    os.close(reading)
    try:
        done = subprocess.run(
            [COMMAND, *args],
            cwd=project.root,
            env=environment(project.root),
            stdout=writing,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    finally:
        os.close(writing)
    told = [line for line in done.stderr.splitlines() if not line.startswith("Running upgrade")]
    assert (done.returncode, told) == (0, [])


def test_a_reader_that_is_gone_does_not_stop_an_upgrade(real_shop):
    project = real_shop()
    reading, writing = os.pipe()
    os.close(reading)
    try:
        done = subprocess.run(
            [COMMAND, "upgrade"],
            cwd=project.root,
            env=environment(project.root),
            stdout=writing,
            stderr=writing,
            check=False,
        )
    finally:
        os.close(writing)
    assert done.returncode == 0
    assert project.stamped("sqlite:///app.db") == ["a1"]
