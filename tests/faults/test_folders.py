"""Migrations folders, their env.py and their templates."""

from __future__ import annotations

import pytest

from tests.faults.conftest import MODELS
from tests.faults.faulty import FIRST, refused, refused_in_json

OURS = "from alembic_migrate.environment import run_migrations\nrun_migrations()\n"
BUILTIN = 'correct it, or use the built-in one: env = "builtin"'
TEMPLATE = "correct the template; alembic-db init writes a working one into a new folder"
REVISION = ("revision", "-m", "x", "--rev-id", "b2")


@pytest.fixture
def bare(project):
    """A project without a migrations folder, with more lines in its table."""

    def make(toml: str = "", files=()):
        lines = '[tool.alembic-migrate]\nmetadata = "shop:Base"\nurl = "sqlite:///app.db"\n'
        return project(
            {
                "pyproject.toml": lines + toml,
                "pkg/__init__.py": "",
                "shop.py": MODELS,
                **dict(files),
            }
        )

    return make


def test_a_missing_folder_is_told_with_the_line_that_makes_it(bare):
    assert refused(bare(), "upgrade") == (
        "Error: the migrations folder ROOT/migrations does not exist (directory: default)\n"
        "  make it: alembic-db init\n"
    )


def test_a_file_in_place_of_the_folder_is_told(bare):
    project = bare('directory = "db"\n', {"db": "x"})
    assert refused(project, "upgrade") == (
        "Error: the migrations folder ROOT/db is a file "
        "(directory: pyproject.toml:4 [tool.alembic-migrate])\n"
        '  name a folder: directory = "db_db"\n'
    )


@pytest.mark.parametrize(
    ("file", "found"), [("db/x.txt", "has something in it"), ("db", "is a file")]
)
def test_init_refuses_a_folder_with_something_in_it(bare, file, found):
    assert refused(bare('directory = "db"\n', {file: "x"}), "init") == (
        f"Error: ROOT/db {found}; init makes new folders only\n"
        "  name another one: alembic-db init DIR; or go on with what is there: alembic-db current\n"
    )


def test_init_writes_into_an_absolute_folder_and_nowhere_else(bare, tmp_path):
    project = bare()
    before = project.files()
    project.run("init", tmp_path / "elsewhere")
    assert project.files() == before
    made = sorted(path.name for path in (tmp_path / "elsewhere").iterdir())
    assert made == ["README", "env.py", "script.py.mako", "versions"]


def test_a_history_that_a_package_ships_runs_but_init_does_not_write_there(bare):
    project = bare('directory = "pkg:history"\n', {"pkg/history/versions/a1.py": FIRST})
    assert project.run("upgrade").stdout == "Upgraded to a1 (head), 1 revision\n"
    assert refused(project, "init") == (
        "Error: directory = 'pkg:history' is in a package\n"
        "  name a plain folder: --directory migrations\n"
    )


def test_a_package_that_is_not_there_is_told(bare):
    assert refused(bare('directory = "nope:history"\n'), "upgrade") == (
        "Error: directory = 'nope:history': there is no package nope\n"
        '  write directory = "package:folder", or a plain folder\n'
    )


@pytest.mark.parametrize(
    ("script", "status", "said"),
    [
        (
            "import nothing_there\n",
            2,
            (
                "failed: ROOT/migrations/env.py:1: ModuleNotFoundError: "
                "No module named 'nothing_there'"
            ),
        ),
        ("x = 1\ndef (:\n", 2, "failed: ROOT/migrations/env.py:2: SyntaxError: invalid syntax"),
        ("import sys\nsys.exit(0)\n", 2, "failed: ROOT/migrations/env.py:2: it called sys.exit(0)"),
        (
            "def f():\n    raise ValueError('postgresql://u:p%40ss-w0rd@h/d')\nf()\n",
            2,
            "failed: ROOT/migrations/env.py:2: ValueError: postgresql://u:***@h/d",
        ),
        ("x = 1\n", 1, "ended without a call to context.run_migrations(): nothing was done"),
    ],
)
def test_an_environment_script_that_fails_or_does_nothing_is_told(shop, script, status, said):
    project = shop({"migrations/env.py": script})
    assert refused(project, "upgrade", status=status) == (
        f"Error: the environment script ROOT/migrations/env.py {said}\n  {BUILTIN}\n"
    )


@pytest.mark.parametrize(
    "script", ["print('hello')\n" + OURS, "import os\nos.system('echo hello')\n" + OURS]
)
def test_what_an_environment_script_prints_is_no_part_of_the_json(real_shop, script):
    done = real_shop({"migrations/env.py": script}).run("upgrade", "--format", "json")
    assert done.json["bases"][0]["after"] == ["a1"]
    assert done.stderr == "hello\nRunning upgrade  -> a1, a step\n"


def test_an_environment_script_that_prints_and_fails_gives_one_document_too(real_shop):
    project = real_shop({"migrations/env.py": "print('hello')\nimport nothing_there\n"})
    assert refused_in_json(project, "upgrade", status=2)["code"] == "configuration"


def test_a_missing_template_is_only_needed_where_env_py_is_the_users_own(shop):
    done = shop().run(*REVISION)
    assert done.stdout == "Wrote migrations/versions/b2_x.py\n"


@pytest.mark.parametrize(
    ("template", "message", "hint"),
    [
        (
            None,
            "the template ROOT/migrations/script.py.mako is missing",
            "copy one there: alembic-db init writes one into a new folder",
        ),
        (
            "x = 1\n\n${nope}\n",
            (
                "ROOT/migrations/script.py.mako:3: the template fails: NameError: a name in it is "
                "not defined"
            ),
            TEMPLATE,
        ),
        (
            "x = 1\n% if x\n",
            (
                "ROOT/migrations/script.py.mako:2: the template fails: CompileException: Fragment "
                "'if x' is not a partial control statement in file "
                "'ROOT/migrations/script.py.mako' at line: 2 char: 1"
            ),
            TEMPLATE,
        ),
        (
            "x = 1\ndef (:\n",
            (
                "ROOT/migrations/script.py.mako makes a file that is not valid Python (its line 2: "
                "invalid syntax)"
            ),
            TEMPLATE,
        ),
        (
            "x = 1\n",
            "ROOT/migrations/script.py.mako makes a file without revision and down_revision",
            (
                "add to the template:\n  revision = ${repr(up_revision)}\n"
                "  down_revision = ${repr(down_revision)}"
            ),
        ),
        (
            "revision = ${repr(up_revision)}\ndown_revision = ${repr(down_revision)}\n# ${message}",
            "ROOT/migrations/script.py.mako puts the message where it becomes code",
            'keep ${message} between the """ of the docstring, or use ${repr(message)}',
        ),
    ],
)
def test_a_template_that_is_missing_or_broken_leaves_no_file(shop, template, message, hint):
    files = {"migrations/env.py": f"x = 1\n{OURS}"}
    if template is not None:
        files["migrations/script.py.mako"] = template
    command = ("revision", "-m", "x\ny = 1", "--rev-id", "b2")
    assert refused(shop(files), *command, status=1) == f"Error: {message}\n  {hint}\n"


def test_raiseerr_shows_the_users_lines_and_no_password(real_shop):
    script = "url = 'postgresql://u:p%40ss-w0rd@h/d'\nraise ValueError(url)\n"
    project = real_shop({"migrations/env.py": script})
    said = refused(project, "--raiseerr", "upgrade")
    assert said.startswith("Traceback (most recent call last):\n")
    assert 'File "ROOT/migrations/env.py", line 2, in <module>\n' in said
    assert "ValueError: postgresql://u:***@h/d\n" in said
