"""The program as a process: what it imports, and what happens to its streams."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

FULL = Path("/dev/full")
SLOW = ("pydantic", "rich", "tomlkit", "sqlalchemy", "alembic", "mako", "asyncio")
PROJECT = """\
import os, subprocess, sys
from types import ModuleType
from alembic_migrate.results import Revisions
from tests.render.records import a_revision

class Project:
    names, named = ("app",), True
    def heads(self, **_):
        print("from Python")
        os.write(1, b"from the process\\n")
        subprocess.run([sys.executable, "-c", "print('from a child')"], check=True)
        sys.stdout.flush()
        return (Revisions("app", tuple(a_revision(f"{n:04}") for n in range(COUNT))),)

project = ModuleType("alembic_migrate.project")
project.load = lambda *_, **__: Project()
sys.modules["alembic_migrate.project"] = project
from alembic_migrate.cli import main
main()
"""


def python(code, *words, **kwargs):
    environ = {key: value for key, value in os.environ.items() if not key.startswith("LC_")}
    environ |= kwargs.pop("environ", {})
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", code, *words],
        capture_output="stdout" not in kwargs,
        text=True,
        check=False,
        env=environ,
        **kwargs,
    )


@pytest.mark.parametrize(
    ("words", "environ"),
    [
        (["--help"], {}),
        (["upgrade", "-h"], {}),
        (["--version"], {}),
        (["nope"], {}),
        (["completion", "bash"], {}),
        (
            [],
            {
                "_ALEMBIC_DB_COMPLETE": "bash_complete",
                "COMP_WORDS": "alembic-db upgrade --base a",
                "COMP_CWORD": "3",
            },
        ),
    ],
)
def test_what_is_told_without_a_project_imports_nothing_slow(words, environ, tmp_path):
    code = (
        "import sys, atexit\n"
        f"slow = lambda: [name for name in {SLOW} if name in sys.modules]\n"
        "atexit.register(lambda: print(slow(), file=sys.stderr))\n"
        "from alembic_migrate.cli import main\nmain()"
    )
    ran = python(code, *words, environ=environ)
    assert ran.stderr.splitlines()[-1] == "[]"


def test_answers_alone_are_on_stdout_whoever_prints():
    ran = python(PROJECT.replace("COUNT", "1"), "heads", "--format", "json")
    assert json.loads(ran.stdout)["command"] == "heads"
    assert sorted(ran.stderr.splitlines()) == [
        "from Python",
        "from a child",
        "from the process",
    ]
    assert ran.returncode == 0


def test_a_reader_that_is_gone_changes_neither_status_nor_stderr():
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w") as out:
        ran = python(PROJECT.replace("COUNT", "9999"), "heads", stdout=out, stderr=subprocess.PIPE)
    assert ran.returncode == 0
    assert sorted(ran.stderr.splitlines()) == [
        "from Python",
        "from a child",
        "from the process",
    ]


def test_a_reader_of_help_that_is_gone_is_no_error():
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w") as out:
        code = "from alembic_migrate.cli import main\nmain()"
        ran = python(code, "--help", stdout=out, stderr=subprocess.PIPE)
    assert (ran.returncode, ran.stderr) == (0, "")


@pytest.mark.skipif(not FULL.exists(), reason="only where there is such a device")
def test_a_full_disk_under_stdout_is_an_error():
    with FULL.open("w") as out:
        ran = python(PROJECT.replace("COUNT", "1"), "heads", stdout=out, stderr=subprocess.PIPE)
    assert ran.returncode == 1
    assert ran.stderr.splitlines()[-2:] == [
        "Error: OSError: [Errno 28] No space left on device",
        "  --raiseerr shows where it came from.",
    ]


def test_a_closed_stderr_stops_nothing():
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w") as err:
        code = PROJECT.replace("COUNT", "1").replace('print("from Python")', "")
        code = code.replace('os.write(1, b"from the process\\n")', "")
        code = code.replace("print('from a child')", "")
        ran = python(code, "heads", "-v", stdout=subprocess.PIPE, stderr=err)
    assert ran.returncode == 0
    assert ran.stdout.startswith("Rev: 0000 (head)\n")


@pytest.mark.parametrize("form", ["text", "json", "jsonl"])
def test_a_closed_stdout_is_a_reader_that_is_gone(form):
    code = PROJECT.replace("COUNT", "1").replace('print("from Python")', "")
    code = code.replace('os.write(1, b"from the process\\n")', "").replace("sys.stdout.flush()", "")
    code = code.replace("print('from a child')", "")
    words = [sys.executable, "-W", "error", "-c", code, "heads", "--format", form]
    ran = subprocess.run(
        ["sh", "-c", 'exec "$@" >&-', "sh", *words],
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    assert (ran.returncode, ran.stderr) == (0, "")


def test_letters_that_the_terminal_lacks_are_escaped():
    code = PROJECT.replace("COUNT", "1").replace('f"{n:04}"', '"\\u00e4"')
    ran = python(code, "heads", environ={"PYTHONIOENCODING": "ascii"})
    assert (ran.returncode, ran.stdout) == (0, "\\xe4 (head)\n")


def test_python_m_is_the_same_program():
    code = [sys.executable, "-m", "alembic_migrate", "--version"]
    ran = subprocess.run(code, capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stdout.split()[0], ran.stderr) == (0, "alembic-db", "")


def test_the_group_called_as_click_groups_are_runs_like_the_console_script():
    code = "from alembic_migrate.cli import db\ndb(['nope'])"
    ran = python(code)
    assert (ran.returncode, ran.stdout) == (2, "")
    assert ran.stderr.startswith("Error: No such command: nope\n")
