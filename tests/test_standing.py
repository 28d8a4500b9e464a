"""current, status and upgrade say without Alembic what they say with it, whatever there is."""

from __future__ import annotations

import contextlib
import io
import os
import re
import shutil
import sqlite3
import sys
import tempfile
from pathlib import Path

import pytest
from alembic.script.revision import RevisionMap
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from alembic_migrate.bridge import standing
from alembic_migrate.cli import main
from tests.history.test_agreement import histories
from tests.inprocess import forget_modules
from tests.projects import Project, environment, make, revision_text

MODELS = "import sqlalchemy\n\nmetadata = sqlalchemy.MetaData()\n"
TOML = """
[tool.alembic-migrate]
metadata = "models:metadata"
url = "sqlite:///{root}/app.db"
directory = "migrations"
version_locations = ["one", "two"]
recursive_version_locations = {recursive}
history_index = false
journal = {journal}
lock_wait = 0
{more}
"""
READING = [
    ("current",),
    ("current", "-v", "--check-heads"),
    ("current", "--format", "json"),
    ("status", "-v", "--exit-code"),
    ("status", "--format", "json"),
]
JOURNAL = """
CREATE TABLE alembic_version_journal (
    id INTEGER PRIMARY KEY, revision VARCHAR(64), direction VARCHAR(16), started DATETIME,
    finished DATETIME, outcome VARCHAR(32), file_hash VARCHAR(64), tool_version VARCHAR(32),
    host VARCHAR(255)
)
"""
HALF = """
INSERT INTO alembic_version_journal (revision, direction, started, outcome, tool_version, host)
VALUES (?, 'upgrade', '2024-01-01 00:00:00.000000', 'half applied', '3', 'here')
"""


def answer(root, *words, full):
    """Return what a command line said, how it ended, and what it left; times taken out."""
    out, err = io.StringIO(), io.StringIO()
    with pytest.MonkeyPatch.context() as patch, contextlib.ExitStack() as stack:
        patch.chdir(root)
        patch.setattr(sys, "path", sys.path[:])
        for name in os.environ:
            patch.delenv(name)
        for name, value in environment(Path(root)).items():
            patch.setenv(name, value)
        if full:
            patch.setattr(
                standing, "plain_history_of", lambda target: target.require_folder() and None
            )
        patch.setattr(RevisionMap, "_normalize_depends_on", by_file)
        stack.enter_context(contextlib.redirect_stdout(out))
        stack.enter_context(contextlib.redirect_stderr(err))
        left = stack.enter_context(pytest.raises(SystemExit))
        main(list(words))
    forget_modules(Path(root))
    said = (left.value.code, out.getvalue(), err.getvalue())
    return tuple(re.sub(r"\b\d+\.\d+(e-\d+)?\b", "N", str(each)) for each in said)


def by_file(self, revisions, map_, usual=RevisionMap._normalize_depends_on):
    """Let several dependencies have the order of the file, which Alembic leaves to chance."""
    usual(self, revisions, map_)
    for each in map_.values():
        if each is not None:
            left = set(each._normalized_resolved_dependencies)
            ordered = dict.fromkeys(each._resolved_dependencies)
            each._normalized_resolved_dependencies = tuple(d for d in ordered if d in left)


def assert_same(root, *words):
    """Compare both ways, each from the same database; leave what the second has left."""
    database = Path(root, "app.db")
    before = database.read_bytes() if database.exists() else None
    found = []
    for full in (False, True):
        database.unlink(missing_ok=True)
        if before is not None:
            database.write_bytes(before)
        found.append((answer(root, *words, full=full), dump(database)))
    assert found[0] == found[1], words
    return found[0][0]


def dump(database):
    """Return all that a SQLite file holds, times apart; None where there is no file."""
    if not database.exists():
        return None
    with contextlib.closing(sqlite3.connect(database)) as connection:
        return [re.sub(r"'\d{4}-[-\d:. ]+'", "T", line) for line in connection.iterdump()]


@st.composite
def databases(draw, rows):
    """Return the statements that make a database: a version table of some kind, or none."""
    made = ["CREATE TABLE other (x INTEGER)"] if draw(st.booleans()) else []
    kind = draw(st.sampled_from(["none", "usual", "usual", "usual", "loose", "wrong", "file"]))
    if kind == "none":
        return None
    if kind == "wrong":
        return [*made, "CREATE TABLE alembic_version (number INTEGER)"]
    if kind == "file":
        return made
    unique = " PRIMARY KEY" if kind == "usual" else ""
    made.append(f"CREATE TABLE alembic_version (version_num VARCHAR(32){unique})")
    current = list(draw(st.sampled_from([*rows, [], ["unknown"], ["abcd"]])))
    if kind == "loose":
        current += draw(st.sampled_from([[], current[:1], [None]]))
    else:
        current = list(dict.fromkeys(current))
    return [*made, *(("INSERT INTO alembic_version VALUES (?)", (each,)) for each in current)]


def set_up(root, statements):
    """Make the database; nothing where there is none."""
    if statements is None:
        return
    with contextlib.closing(sqlite3.connect(Path(root, "app.db"))) as connection:
        for each in statements:
            connection.execute(*((each,) if isinstance(each, str) else each))
        connection.commit()


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data(), histories(), st.booleans(), st.booleans())
def test_what_is_said_without_alembic_is_what_is_said_with_it(data, history, recursive, journal):
    files, rows = history
    ids = [each[1][:-3].rpartition("_")[2] for each in files]
    heads_first = [[each] for each in reversed(ids)]
    statements = data.draw(databases([*rows, *heads_first, ids[-2:]]))
    if journal and statements is not None and data.draw(st.booleans()):
        statements += [JOURNAL, (HALF, (data.draw(st.sampled_from([*ids, "x"])),))]
    known = [*ids, *(each[:4] for each in ids), "billing", "shop"]
    words = data.draw(st.lists(st.sampled_from(["head", "heads", "base", "+1", "-1", " ", *known])))
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder, "project")
        text = TOML.format(
            root=root, recursive=str(recursive).lower(), journal=str(journal).lower(), more=""
        )
        make(root, {"pyproject.toml": text, "models.py": MODELS, "migrations/note": ""})
        for below, name, text in files:
            Path(root, below).mkdir(exist_ok=True, parents=True)
            Path(root, below, name).write_text(text)
        set_up(root, statements)
        for each in READING:
            assert_same(root, *each)
        for word in ["heads", *words[:2]]:
            assert_same(root, "upgrade", "--format", "json", "--", word)
            assert_same(root, "upgrade", "--", word)


@pytest.mark.parametrize("file_of", ["one/b.py", "one/a.py"])
@pytest.mark.parametrize(
    "text",
    ["revision = 'b'\ndown_revision = ", "revision = str('b')\ndown_revision = 'a'\n", "x = 1\n"],
    ids=["broken", "computed", "no header"],
)
def test_a_file_that_does_not_say_plainly_what_it_says_is_left_to_alembic(tmp_path, file_of, text):
    root = tmp_path / "project"
    toml = TOML.format(root=root, recursive="false", journal="false", more="")
    here = make(root, {"pyproject.toml": toml, "models.py": MODELS, "migrations/note": ""})
    here.write("one/a.py", revision_text("a"))
    here.write("one/b.py", revision_text("b", "a"))
    here.run("upgrade")
    here.write(file_of, text)
    for each in [*READING, ("upgrade",), ("upgrade", "--rehearse")]:
        assert_same(root, *each)


ENGINE = """
import sqlalchemy

def engine(url):
    print("asked for", url.database.rpartition("/")[2])
    {does}
"""


@pytest.mark.parametrize(
    "does",
    [
        "return sqlalchemy.create_engine(url)",
        "return 7",
        "raise ValueError('no')",
        "raise SystemExit",
    ],
)
def test_a_projects_own_engine_is_asked_as_often_and_its_faults_are_told(tmp_path, does):
    root = tmp_path / "project"
    toml = TOML.format(root=root, recursive="false", journal="true", more='engine = "hook:engine"')
    here = make(
        root,
        {
            "pyproject.toml": toml,
            "models.py": MODELS,
            "migrations/note": "",
            "hook.py": ENGINE.format(does=does),
        },
    )
    here.write("one/a.py", revision_text("a"))
    set_up(
        root,
        ["CREATE TABLE alembic_version (version_num)", "INSERT INTO alembic_version VALUES ('a')"],
    )
    for each in [*READING, ("upgrade",), ("upgrade", "head", "--format", "json")]:
        assert_same(root, *each)


def test_nobody_is_asked_twice_where_a_database_cannot_be_reached(tmp_path):
    root = tmp_path / "project"
    toml = TOML.format(root=root, recursive="false", journal="false", more="")
    here = make(root, {"pyproject.toml": toml.replace(f"{root}/app.db", "no/such/folder/app.db")})
    here.write("one/a.py", revision_text("a"))
    here.write("migrations/note", "")
    here.write("models.py", MODELS)
    for each in [*READING, ("upgrade",)]:
        said = assert_same(root, *each)
        assert "cannot be made" in "".join(said), said
    (root / "migrations" / "note").unlink()
    shutil.rmtree(root / "migrations")
    for each in [*READING, ("upgrade",)]:
        said = assert_same(root, *each)
        assert "does not exist" in "".join(said)


@pytest.mark.parametrize("server", ["postgresql", "mariadb"])
def test_a_version_table_in_a_schema_of_its_own_is_read(request, tmp_path, server):
    url = request.getfixturevalue(f"{server}_url")
    here: Project = make(tmp_path / "project", {"migrations/versions/a.py": revision_text("a")})
    schema = f"s{os.getpid()}_{server}"
    more = f'version_table_schema = "{schema}"\nhistory_index = false'
    here.write("pyproject.toml", f'[tool.alembic-migrate]\nurl = "{url}"\n{more}\n')
    here.execute(url, f"CREATE SCHEMA {schema}")
    try:
        states = [
            "CREATE TABLE alembic_version (version_num VARCHAR(32))",
            f"CREATE TABLE {schema}.alembic_version (version_num VARCHAR(32) PRIMARY KEY)",
            f"INSERT INTO {schema}.alembic_version VALUES ('a')",
            "INSERT INTO alembic_version VALUES ('unknown')",
            f"CREATE TABLE {schema}.other (x INTEGER)",
            f"DELETE FROM {schema}.alembic_version",
            f"INSERT INTO {schema}.alembic_version VALUES ('unknown')",
        ]
        for statement in states:
            here.execute(url, statement)
            for each in READING:
                assert answer(here.root, *each, full=False) == answer(here.root, *each, full=True)
            if "'a'" in statement:
                for word in ("head", "a", "heads"):
                    at_it = answer(here.root, "upgrade", word, full=False)
                    assert at_it == answer(here.root, "upgrade", word, full=True)
                    assert at_it[:2] == ("0", "Already at a (head)\n")
    finally:
        here.execute(url, f"DROP SCHEMA {schema}" + " CASCADE" * (server == "postgresql"))
