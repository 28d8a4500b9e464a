"""Revisions that fail while they run, and bases of which one fails."""

from __future__ import annotations

import json

import pytest

from tests.faults.conftest import QuickProject
from tests.faults.faulty import FAILING, FIRST, refused, refused_in_json, shown
from tests.projects import revision_text

FILE = "ROOT/migrations/versions/b2.py"
HALF_MARIADB = "CREATE TABLE half ( id INTEGER NOT NULL AUTO_INCREMENT, PRIMARY KEY (id) )"
COMMITTED = (
    "  these statements are committed and stay, although their revision is not applied:\n"
    "    {}\n"
    "  undo them by hand, correct the revision, and run it again\n"
)
KEPT = "  a1 ran before it and stays: the database is now at a1\n"


@pytest.mark.parametrize(
    ("name", "toml", "said", "rest", "tables", "stamped"),
    [
        (
            "sqlite_url",
            "",
            "OperationalError: no such table: nowhere",
            KEPT,
            ["alembic_version", "customer"],
            ["a1"],
        ),
        (
            "mariadb_url",
            "",
            "ProgrammingError: Table 'DATABASE.nowhere' doesn't exist [1146]",
            KEPT + COMMITTED.format(HALF_MARIADB),
            ["alembic_version", "customer", "half"],
            ["a1"],
        ),
        (
            "postgresql_url",
            "transaction_per_migration = false",
            'ProgrammingError: relation "nowhere" does not exist',
            "  nothing changed: the database is still at base\n",
            [],
            [],
        ),
        (
            "postgresql_url",
            "",
            'ProgrammingError: relation "nowhere" does not exist',
            KEPT,
            ["alembic_version", "customer"],
            ["a1"],
        ),
    ],
    ids=["sqlite", "mariadb", "postgresql, one transaction", "postgresql"],
)
def test_an_operation_that_fails_in_the_middle_says_what_is_left(
    shop, request, name, toml, said, rest, tables, stamped
):
    url = request.getfixturevalue(name)
    project = shop({"b2.py": FAILING}, url=url, toml=f'metadata = "shop:Base"\n{toml}')
    # The file of SQLite is outside of the project.
    told = refused(project, "upgrade", status=1).replace(url.rpartition("/")[2], "DATABASE")
    assert told == (
        "Running upgrade  -> a1, a step\nRunning upgrade a1 -> b2, a step\n"
        f"Error: revision b2 failed in upgrade(): {FILE}:14: {said}\n{rest}"
    )
    assert project.tables(url) == tables
    assert project.stamped(url) == stamped


def test_a_revision_that_raises_in_python_is_told_with_its_line(shop):
    body = "op.create_table('half', sa.Column('id', sa.Integer, primary_key=True))\n"
    project = shop({"b2.py": revision_text("b2", "a1", upgrade=f"{body}raise ValueError('boom')")})
    assert refused(project, "upgrade", status=1, new=["app.db"]) == (
        "Running upgrade  -> a1, a step\nRunning upgrade a1 -> b2, a step\n"
        f"Error: revision b2 failed in upgrade(): {FILE}:13: ValueError: boom\n"
        f"{KEPT}"
    )


def test_a_downgrade_that_fails_says_so(shop):
    project = shop({"a1.py": FIRST.replace("op.drop_table('customer')", "op.drop_table('nope')")})
    project.run("upgrade")
    assert refused(project, "downgrade", status=1) == (
        "Running downgrade a1 -> , a step\n"
        "Error: revision a1 failed in downgrade(): ROOT/migrations/versions/a1.py:16: "
        "OperationalError: no such table: nope\n"
        "  nothing changed: the database is still at a1\n"
    )
    assert project.stamped("sqlite:///app.db") == ["a1"]


@pytest.mark.parametrize("ask", ["execute(sa.text('SELECT 1')).scalar()", "inspect()"])
def test_offline_a_revision_that_needs_a_connection_is_named_with_its_line(shop, ask):
    ask = "sa.inspect(op.get_bind())" if ask == "inspect()" else f"op.get_bind().{ask}"
    project = shop({"b2.py": revision_text("b2", "a1", upgrade=ask)})
    *progress, error, hint = refused(project, "upgrade", "--sql", status=1).splitlines()
    assert progress == ["Running upgrade  -> a1, a step", "Running upgrade a1 -> b2, a step"]
    assert error.startswith(f"Error: revision b2 failed in upgrade(): {FILE}:12: ")
    assert hint == (
        "  no script can be written of a revision that asks the database; run it there without "
        "--sql, or let it ask context.is_offline_mode() first"
    )


@pytest.fixture
def five(project, command):
    """Bases a to e, of which c has a revision that fails."""
    files = {"shop.py": "from sqlalchemy import MetaData\n\nmetadata = MetaData()\n"}
    lines = ["[tool.alembic-migrate]", 'metadata = "shop:metadata"', 'url = "sqlite:///{name}.db"']
    for name in "abcde":
        lines.append(f"[tool.alembic-migrate.bases.{name}]")
        fails = "op.execute('INSERT INTO nowhere VALUES (1)')" if name == "c" else "pass"
        files[f"migrations/{name}/versions/{name}1.py"] = revision_text(f"{name}1", upgrade=fails)
    made = project({"pyproject.toml": "\n".join(lines) + "\n", **files})
    return QuickProject(made.root, command)


C_FAILED = (
    "  c: failed: revision c1 failed in upgrade(): ROOT/migrations/c/versions/c1.py:12: "
    "OperationalError: no such table: nowhere\n"
    "      nothing changed: the database is still at base\n"
)


def steps(*names):
    """Return the lines of progress, without the warnings about bases without tables."""
    return [f"[{name}] Running upgrade  -> {name}1, a step" for name in names]


def without_warnings(text):
    return [line for line in text.splitlines() if "Warning:" not in line]


def test_the_third_of_five_bases_fails_and_the_rest_is_not_tried(five):
    said = refused(five, "upgrade", "--all", status=1, new=["a.db", "b.db", "c.db"])
    assert without_warnings(said) == [
        *steps("a", "b", "c"),
        "Error: 1 of 5 bases failed: c; 2 not tried",
        "  a: upgraded to a1 (head), 1 revision",
        "  b: upgraded to b1 (head), 1 revision",
        *C_FAILED.splitlines(),
        "  d: not tried",
        "  e: not tried",
    ]
    assert [five.stamped(f"sqlite:///{name}.db") for name in "abc"] == [["a1"], ["b1"], []]


def test_the_third_of_five_bases_fails_and_the_rest_is_done_with_keep_going(five):
    new = [f"{name}.db" for name in "abcde"]
    said = refused(five, "upgrade", "--all", "--keep-going", status=6, new=new)
    assert without_warnings(said) == [
        *steps("a", "b", "c", "d", "e"),
        "Error: 1 of 5 bases failed: c",
        "  a: upgraded to a1 (head), 1 revision",
        "  b: upgraded to b1 (head), 1 revision",
        *C_FAILED.splitlines(),
        "  d: upgraded to d1 (head), 1 revision",
        "  e: upgraded to e1 (head), 1 revision",
    ]
    document = five.run("--format", "json", "upgrade", "--all", "--keep-going", status=6).json
    outcomes = {each["base"]: (each["result"], each["error"]) for each in document["bases"]}
    assert list(outcomes) == ["a", "b", "c", "d", "e"]
    assert outcomes["c"][0] is None
    assert outcomes["c"][1]["revision"] == "c1"
    assert all(error is None for name, (_, error) in outcomes.items() if name != "c")


def test_where_all_bases_fail_keep_going_ends_with_1(five):
    said = refused(five, "upgrade", "-b", "c", "--keep-going", status=1, new=["c.db"])
    assert without_warnings(said)[-1] == "  nothing changed: the database is still at base"


SECOND, THIRD = revision_text("b2", "a1"), revision_text("b3", "a1")
BROKEN_ENV = "print('to stdout')\nimport nothing_there\n"


@pytest.mark.parametrize(
    ("files", "options", "words", "status", "code"),
    [
        ({}, {"toml": "scritp_location = 'x'"}, ("upgrade",), 2, "configuration"),
        ({}, {"url": "nosuch://u:p%40ss-w0rd@h/d"}, ("upgrade",), 2, "configuration"),
        ({}, {"toml": 'metadata = "nope:Base"'}, ("upgrade",), 2, "discovery"),
        (
            {},
            {"url": "postgresql+psycopg://u:p%40ss-w0rd@127.0.0.1:1/d"},
            ("upgrade",),
            1,
            "database",
        ),
        ({"migrations/env.py": BROKEN_ENV}, {}, ("upgrade",), 2, "configuration"),
        ({"b2.py": "def (:\n"}, {}, ("upgrade",), 1, "history"),
        ({"b2.py": revision_text("b2")}, {}, ("upgrade",), 1, "history"),
        ({"b2.py": revision_text("b2", "zz")}, {}, ("upgrade",), 1, "history"),
        ({"b2.py": SECOND, "b3.py": THIRD}, {}, ("upgrade",), 1, "history"),
        ({"migrations/script.py.mako": "${nope}"}, {}, ("revision",), 1, "history"),
        ({"./app.db": "no database"}, {}, ("current",), 1, "database"),
        ({}, {"url": "sqlite:///nowhere/app.db"}, ("current",), 2, "configuration"),
        ({}, {"url": "driver://user:pass@localhost/dbname"}, ("check",), 2, "configuration"),
        ({}, {}, ("upgrade", "-d", "nope"), 2, "usage"),
        ({}, {}, ("init",), 2, "usage"),
        ({}, {}, ("revision", "--rev-id", "../../evil"), 2, "usage"),
        ({}, {}, ("upgrade", "zz"), 2, "revision-not-found"),
        ({}, {}, ("upgrade", "--nope"), 2, "usage"),
        ({}, {}, ("revision", "-m", " "), 2, "usage"),
        ({}, {"toml": 'metadata = "shop:Base"\nprotected = true'}, ("downgrade",), 3, "consent"),
        ({"b2.py": FAILING}, {}, ("upgrade",), 1, "migration"),
        (
            {"b2.py": revision_text("b2", "a1", upgrade="print(1)\n1/0")},
            {},
            ("upgrade",),
            1,
            "migration",
        ),
    ],
)
def test_with_format_json_every_fault_is_one_document(shop, files, options, words, status, code):
    assert refused_in_json(shop(files, **options), *words, status=status)["code"] == code


def test_with_format_jsonl_a_fault_is_the_last_line(real_shop):
    project = real_shop({"b2.py": FAILING})
    done = project.run("--format", "jsonl", "upgrade", status=1)
    assert done.stderr == ""
    *events, last = [json.loads(line) for line in shown(project, done.stdout).splitlines()]
    told = [event["message"] for event in events if event["event"] == "step"]
    assert told == ["Running upgrade  -> a1, a step", "Running upgrade a1 -> b2, a step"]
    assert (last["event"], last["error"]["code"]) == ("result", "migration")
