"""What would run is shown first, from where the database is."""

from __future__ import annotations

import json
import re

import pytest

from tests.projects import TWO_BASES, revision_text
from tests.safety import histories
from tests.servers import ENCODED_PASSWORD, PASSWORD

MAKES = 'op.create_table("book", sa.Column("id", sa.Integer(), primary_key=True))'
ADDS = 'op.add_column("book", sa.Column("year", sa.Integer()))\nop.execute("DELETE FROM book")'
DROPS = 'op.drop_table("book")'
REQUIRES = 'op.add_column("book", sa.Column("title", sa.String(50), nullable=False))'
ASKS = 'op.execute("SELECT 1")\nop.get_bind().execute(sa.text("SELECT 1")).fetchall()'

PLANS = {
    "sqlite": """\
-- database: URL
-- from r0000 to r0002 (head): 2 revisions

-- revision r0001: a step
-- migrations/versions/r0001.py

ALTER TABLE book ADD COLUMN year INTEGER;

DELETE FROM book;

UPDATE alembic_version SET version_num='r0001' WHERE alembic_version.version_num = 'r0000';

-- revision r0002: a step
-- migrations/versions/r0002.py
-- ADB101 error migrations/versions/r0002.py:12: MESSAGE
DROP TABLE book;

UPDATE alembic_version SET version_num='r0002' WHERE alembic_version.version_num = 'r0001';
""",
    "postgresql": """\
-- database: URL
-- from r0000 to r0002 (head): 2 revisions

-- revision r0001: a step
-- migrations/versions/r0001.py

BEGIN;

ALTER TABLE book ADD COLUMN year INTEGER;

DELETE FROM book;

UPDATE alembic_version SET version_num='r0001' WHERE alembic_version.version_num = 'r0000';

COMMIT;

-- revision r0002: a step
-- migrations/versions/r0002.py

BEGIN;

-- ADB101 error migrations/versions/r0002.py:12: MESSAGE
DROP TABLE book;

UPDATE alembic_version SET version_num='r0002' WHERE alembic_version.version_num = 'r0001';

COMMIT;
""",
}
PLANS["sqlite"] = PLANS["sqlite"].replace("\n-- ADB", "\n\n-- ADB")
PLANS["mysql"] = PLANS["sqlite"]


def write(here, url, *upgrades, **keys):
    """Write a history of revisions r0000, r0001, ... and a model that stands for others."""
    histories.write(here, url, *upgrades, **keys)
    more = 'from sqlalchemy import MetaData, Table\n\nmetadata = MetaData()\nTable("a", metadata)\n'
    here.write("base.py", more)
    return here


@pytest.fixture
def here(project, command, database_url):
    """A history of three revisions, the first of them applied."""
    made = write(project(), database_url, MAKES)
    command(made, "upgrade")
    return write(made, database_url, MAKES, ADDS, DROPS)


def kind_of(url):
    return "mysql" if url.startswith("m") else url.partition(":")[0].partition("+")[0]


def plain(text):
    """Return a plan without what differs from run to run, and what rules say."""
    text = re.sub(r"(?m)^-- database: .*", "-- database: URL", text)
    return re.sub(r"(?m)^(-- ADB\d+ \w+ \S+) .*", r"\1 MESSAGE", text)


def without_craft(text):
    """Return a plan without what rules other than those about dropped tables say."""
    return re.sub(r"(?m)^-- ADB(?!101)\d+ .*\n", "", text)


def test_a_plan_shows_what_is_pending_and_changes_nothing(here, command, database_url):
    shown = command(here, "plan")
    assert plain(without_craft(shown.stdout)) == PLANS[kind_of(database_url)]
    assert shown.stderr == ""
    assert here.stamped(database_url) == ["r0000"]


def test_a_plan_has_no_findings_where_none_are_asked_for(here, command):
    assert "-- ADB" not in command(here, "plan", "--no-lint").stdout


def test_findings_are_as_severe_as_the_base_says(project, command, sqlite_url):
    here = write(project(), sqlite_url, MAKES, DROPS)
    command(here, "upgrade", "r0000")
    said = command(here, "plan", "--set", 'lint={ drop-table = "warning" }').stdout
    assert "-- ADB101 warning migrations/versions/r0001.py:12: " in said
    said = command(here, "plan", "--set", 'lint={ destructive = "off" }').stdout
    assert "-- ADB101" not in said


def test_a_plan_from_nothing_makes_the_version_table_too(project, command, database_url):
    here = write(project(), database_url, MAKES, ADDS)
    statements = [
        each["sql"].rstrip(";")
        for revision in command(here, "plan", "--format", "json").json["bases"][0]["revisions"]
        for each in revision["statements"]
    ]
    with here.connect(database_url) as connection:
        for statement in statements:
            if statement not in {"BEGIN", "COMMIT"}:
                connection.exec_driver_sql(statement)
        connection.commit()
    assert here.stamped(database_url) == ["r0001"]
    assert here.tables(database_url) == ["alembic_version", "book"]
    assert command(here, "plan").stdout == "Already at r0001 (head)\n"


def test_a_plan_goes_as_far_as_it_is_asked_to(here, command):
    for asked in ("+1", "r0001", "r0002-1"):
        (found,) = command(here, "plan", asked, "--format", "json").json["bases"]
        assert [each["revision"] for each in found["revisions"]] == ["r0001"], asked
        assert (found["before"], found["after"]) == (["r0000"], ["r0001"])
        assert (found["asked"], found["heads"]) == (asked, ["r0002"])


def test_an_empty_version_table_is_not_made_again(project, command, database_url):
    here = write(project(), database_url, MAKES)
    command(here, "ensure-version")
    (found,) = command(here, "plan", "--format", "json").json["bases"]
    made = [each["sql"] for each in found["revisions"][0]["statements"] if "CREATE" in each["sql"]]
    assert [each.split("(")[0] for each in made] == ["CREATE TABLE book "]


def test_one_transaction_for_all_is_begun_and_ended_once(project, command, postgresql_url):
    here = write(project(), postgresql_url, MAKES, ADDS, transaction_per_migration=False)
    (found,) = command(here, "plan", "--format", "json").json["bases"]
    first, second = (
        [statement["sql"].split()[0] for statement in each["statements"]]
        for each in found["revisions"]
    )
    assert first == ["BEGIN;", "CREATE", "CREATE", "INSERT"]
    assert second == ["ALTER", "DELETE", "UPDATE", "COMMIT;"]


def test_what_needs_a_connection_is_named(project, command, database_url):
    here = write(project(), database_url, MAKES, ASKS, ADDS)
    command(here, "upgrade", "r0000")
    shown = command(here, "plan", "--no-lint")
    file = "migrations/versions/r0001.py"
    said = "AttributeError: 'NoneType' object has no attribute 'fetchall'"
    above = f"-- cannot be rendered without a connection: {file}:13: {said}\nSELECT 1;"
    assert above in shown.stdout
    assert "ALTER TABLE book ADD COLUMN year INTEGER;" in shown.stdout
    assert shown.stderr == (
        f"Warning: revision r0001 cannot be rendered without a connection: "
        f"{here.root}/{file}:13: {said}\n"
    )
    (found,) = command(here, "plan", "--format", "json").json["bases"]
    assert [each["unrendered"] for each in found["revisions"]] == [
        [{"line": 13, "message": said}],
        [],
    ]


def test_a_batch_that_copies_its_table_is_named(project, command, sqlite_url):
    batch = 'with op.batch_alter_table("book") as batch:\n    batch.drop_column("year")'
    here = write(project(), sqlite_url, MAKES, ADDS, batch)
    (found,) = command(here, "plan", "--format", "json").json["bases"]
    assert found["revisions"][2]["unrendered"] == [
        {
            "line": 12,
            "message": 'the batch on "book" makes the table anew, and has to read first what it is '
            "now",
        }
    ]


def test_a_finding_in_a_batch_stands_above_the_sql_of_the_batch(project, command, postgresql_url):
    from alembic_migrate.findings import LintFinding
    from alembic_migrate.plans import Plan, PlannedRevision, PlannedStatement
    from alembic_migrate.render.plans import plans

    here = project()
    file = here.root / "a1.py"
    finding = LintFinding("X1", "x", "craft", "warning", "a1", file, 10, "twice\nsaid")
    ignored = LintFinding("X2", "x", "craft", "warning", "a1", file, 10, "no", suppressed="so")
    whole = LintFinding("X3", "x", "craft", "error", "a1", file, 90, "whole")
    statements = (
        PlannedStatement("SELECT 0;", 9),
        PlannedStatement("SELECT 1;", 11),
        PlannedStatement("UPDATE v;"),
    )
    revision = PlannedRevision("a1", "m", file, None, statements, (finding, ignored, whole))
    plan = Plan("app", None, "sqlite", "head", (), ("a1",), ("a1",), (revision,))
    assert plans([plan], named=True) == (
        f"-- base: app\n-- from base to a1 (head): 1 revision\n\n-- revision a1: m\n-- {file}\n"
        f"-- X3 error {file}:90: whole\n\nSELECT 0;\n\n"
        f"-- X1 warning {file}:10: twice\n-- said\nSELECT 1;\n\nUPDATE v;"
    )


def test_a_plan_with_nothing_to_do_says_so(project, command, sqlite_url):
    here = write(project(), sqlite_url)
    (here.root / "migrations/versions").mkdir(parents=True)
    assert command(here, "plan").stdout == "Nothing to do: the folder has no revisions\n"


def test_what_upgrade_would_refuse_is_refused(project, command, database_url):
    here = write(project(), database_url, MAKES, journal=True)
    here.execute(database_url, "CREATE TABLE book (id INTEGER)")
    refused = command(here, "plan", status=1)
    assert refused.stderr == command(here, "upgrade", status=1).stderr
    assert "holds tables that these revisions make: book" in refused.stderr
    for asked, status in (("nowhere", 2), ("", 2), ("+5", 2)):
        refused = command(here, "plan", asked, status=status)
        assert refused.stderr == command(here, "upgrade", asked, status=status).stderr


def test_a_half_applied_revision_is_told_as_upgrade_tells_it(project, command, mariadb_url):
    half = 'op.execute("CREATE TABLE a (n INTEGER)")\nraise ValueError("no")'
    here = write(project(), mariadb_url, half, journal=True)
    command(here, "upgrade", status=1)
    refused = command(here, "plan", status=1)
    assert refused.stderr == command(here, "upgrade", status=1).stderr
    assert "is half applied" in refused.stderr


@pytest.fixture
def shop(project):
    """Two bases, each with one revision."""
    made = project(TWO_BASES)
    for base, revision in (("app", "a1"), ("reporting", "r1")):
        made.write(
            f"migrations/{base}/versions/{revision}.py", revision_text(revision, upgrade=MAKES)
        )
    return made


def test_several_bases_stand_below_each_other(shop, command):
    command(shop, "upgrade", "-b", "app")
    assert command(shop, "plan", "--no-lint").stdout == (
        "-- base: app\n"
        "-- already at a1 (head)\n"
        "\n"
        "-- base: reporting\n"
        f"-- database: sqlite:///{shop.root}/reporting.db\n"
        "-- from base to r1 (head): 1 revision\n"
        "\n"
        "-- revision r1: a step\n"
        "-- migrations/reporting/versions/r1.py\n"
        "\n"
        "CREATE TABLE alembic_version (\n"
        "    version_num VARCHAR(32) NOT NULL, \n"
        "    CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)\n"
        ");\n"
        "\n"
        "CREATE TABLE book (\n"
        "    id INTEGER NOT NULL, \n"
        "    PRIMARY KEY (id)\n"
        ");\n"
        "\n"
        "INSERT INTO alembic_version (version_num) VALUES ('r1') RETURNING version_num;\n"
    )
    command(shop, "upgrade", "-b", "reporting")
    at_head = "app: already at a1 (head)\nreporting: already at r1 (head)\n"
    assert command(shop, "plan").stdout == at_head
    assert command(shop, "plan", "a1", status=2).stderr == (
        "Error: the revision a1 belongs to one base, and 2 are chosen: app, reporting\n"
        "  choose one: --base app\n"
    )


# --- kept, and run as it was kept -------------------------------------------------------------


def kept(here, command, *words):
    """Keep a plan, and return what is in the file."""
    done = command(here, "plan", *words, "--out", "plan.json")
    assert done.stderr.splitlines()[-1] == "Wrote plan.json"
    return json.loads(here.read("plan.json"))


def refused(here, command, *words, status=1):
    """Return why an upgrade with the plan is refused; nothing may be done."""
    return command(here, "upgrade", "--plan", "plan.json", *words, status=status).stderr


AGAIN = "  look at what would run now: alembic-db plan --out FILE\n"


def test_a_plan_is_run_as_it_was_kept_and_once(here, command, database_url):
    document = kept(here, command)
    assert document["bases"] == relative(
        command(here, "plan", "--format", "json").json["bases"], here
    )
    assert list(document) == ["plan", "version", "hash", "bases"]
    done = command(here, "upgrade", "--plan", "plan.json")
    assert done.stdout == "Upgraded to r0002 (head), 2 revisions\n"
    assert here.stamped(database_url) == ["r0002"]
    again = command(here, "upgrade", "--plan", "plan.json")
    assert again.stdout == "Already at r0002 (head)\n"


def relative(document, here):
    return json.loads(json.dumps(document).replace(f'"{here.root}/', '"'))


def test_no_password_is_kept(here, command):
    kept(here, command)
    assert PASSWORD not in here.read("plan.json")
    assert ENCODED_PASSWORD not in here.read("plan.json")


def test_a_plan_for_a_part_of_the_way_runs_that_part(here, command, database_url):
    kept(here, command, "+1")
    assert command(here, "upgrade", "--plan", "plan.json").stdout == (
        "Upgraded to r0001, 1 revision\n"
    )
    assert command(here, "upgrade", "--plan", "plan.json").stdout == "Already at r0001\n"
    command(here, "upgrade")
    assert command(here, "upgrade", "--plan", "plan.json").stdout == "Already at r0002 (head)\n"
    assert here.stamped(database_url) == ["r0002"]


def test_an_edited_file_refuses_the_plan(here, command, database_url):
    kept(here, command)
    file = here.root / "migrations/versions/r0002.py"
    file.write_bytes(file.read_bytes().replace(b"\n", b"\r\n"))
    command(here, "upgrade", "--plan", "plan.json", "--rehearse", status=None)
    file.write_bytes(file.read_bytes() + b"# seen\n")
    assert refused(here, command) == (
        f"Error: {file} has changed since the plan was made; nothing was run\n{AGAIN}"
    )
    assert here.stamped(database_url) == ["r0000"]
    answer = command(here, "upgrade", "--plan", "plan.json", "--format", "json", status=1).json
    assert answer["error"]["code"] == "outdated-plan"
    assert answer["error"]["file"] == str(file)


def test_an_added_revision_refuses_the_plan(here, command, database_url):
    kept(here, command)
    file = here.write("migrations/versions/r0003.py", revision_text("r0003", "r0002"))
    assert refused(here, command) == (
        f"Error: revisions were added since the plan was made: {file}; nothing was run\n{AGAIN}"
    )
    assert here.stamped(database_url) == ["r0000"]


def test_a_revision_added_above_what_was_asked_for_does_not_matter(here, command, database_url):
    kept(here, command, "r0001")
    command(here, "upgrade", "--plan", "plan.json")
    assert here.stamped(database_url) == ["r0001"]


def test_a_removed_file_refuses_the_plan(here, command, database_url):
    kept(here, command)
    (here.root / "migrations/versions/r0002.py").unlink()
    assert refused(here, command) == (
        f"Error: revision r0002 of the plan has no file any more; nothing was run\n{AGAIN}"
    )
    assert here.stamped(database_url) == ["r0000"]


def test_a_database_that_has_moved_refuses_the_plan(here, command, database_url):
    kept(here, command)
    command(here, "upgrade", "r0001")
    assert refused(here, command) == (
        "Error: the database has moved since the plan was made: from r0000 to r0001; nothing was "
        f"run\n{AGAIN}"
    )
    command(here, "stamp", "--purge", "base")
    assert refused(here, command).startswith(
        "Error: the database has moved since the plan was made: from r0000 to base; "
    )
    assert here.stamped(database_url) == []


def test_a_plan_of_nothing_is_held_against_the_database_too(here, command, database_url):
    command(here, "stamp", "head")
    kept(here, command)
    assert command(here, "upgrade", "--plan", "plan.json").stdout == "Already at r0002 (head)\n"
    command(here, "stamp", "r0001")
    assert refused(here, command).startswith("Error: the database has moved")
    assert here.stamped(database_url) == ["r0001"]


@pytest.mark.parametrize(
    "change",
    [
        ("DELETE FROM book;", "DELETE FROM author;"),
        ('"r0001"', '"r0002"'),
        ('"asked": "head"', '"asked": "r0001"'),
        ('"severity": "error"', '"severity": "warning"'),
        ("has a row", "has no row"),
        ('"database": "sqlite:', '"database": "test:sqlite:'),
        ('"message": "a step"', '"message": "a small step"'),
        ('"file": "migrations/', '"file": "seen/migrations/'),
        ('"heads": [', '"heads": [\n        "r0002",'),
        ('"sql": "DELETE', '"sql": "SELECT 1;",\n              "sql": "DELETE'),
        ("DELETE FROM book;", "\\u0044ELETE FROM book;"),
        ('"bases": [', '"approved": true,\n  "bases": ['),
    ],
)
def test_a_file_that_was_edited_is_no_plan_any_more(project, command, sqlite_url, change):
    here = write(project(), sqlite_url, MAKES, ADDS, REQUIRES)
    kept(here, command)
    written = here.read("plan.json")
    edited = written.replace(*change, 1)
    assert edited != written
    here.write("plan.json", edited.encode())
    assert refused(here, command, status=2) == (
        "Error: plan.json was changed after it was written: what it holds does not fit its hash\n"
        "  write a plan: alembic-db plan --out FILE\n"
    )


def test_line_ends_are_no_change_of_a_plan(project, command, sqlite_url):
    here = write(project(), sqlite_url, MAKES)
    kept(here, command)
    here.write("plan.json", here.read("plan.json").replace("\n", "\r\n").encode())
    done = command(here, "upgrade", "--plan", "plan.json")
    assert done.stdout == "Upgraded to r0000 (head), 1 revision\n"


def test_a_base_cannot_be_taken_out_of_a_file(shop, command):
    document = kept(shop, command)
    del document["bases"][0]
    shop.write("plan.json", json.dumps(document))
    assert "was changed after it was written" in refused(shop, command, status=2)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"plan": 1}', '{"plan": 1, "bases": [1]}'])
def test_a_file_that_is_no_plan_is_refused(project, command, sqlite_url, text):
    here = write(project(), sqlite_url, MAKES)
    here.write("plan.json", text)
    assert refused(here, command, status=2) == (
        "Error: plan.json is no plan\n  write a plan: alembic-db plan --out FILE\n"
    )


def test_a_file_of_another_format_is_told(project, command, sqlite_url):
    here = write(project(), sqlite_url, MAKES)
    here.write("plan.json", '{"plan": 2}')
    assert refused(here, command, status=2) == (
        "Error: plan.json cannot be read as a plan: it is of format 2, and this version reads 1\n"
        "  write a plan: alembic-db plan --out FILE\n"
    )


def test_files_that_cannot_be_read_or_written_are_told(project, command, sqlite_url):
    here = write(project(), sqlite_url, MAKES)
    assert refused(here, command, status=2) == (
        "Error: the plan plan.json cannot be read: No such file or directory\n"
        "  write a plan: alembic-db plan --out FILE\n"
    )
    here.write("plan.json", b"\xff")
    assert refused(here, command, status=2) == (
        "Error: the plan plan.json cannot be read: it is no text\n"
        "  write a plan: alembic-db plan --out FILE\n"
    )
    assert command(here, "plan", "--out", "none/plan.json", status=2).stderr == (
        "Error: the plan cannot be written to none/plan.json: No such file or directory\n"
        "  name a file in a folder that is there: --out plan.json\n"
    )


def test_a_plan_goes_with_no_revision_no_sql_and_no_tag(project, command, sqlite_url):
    here = write(project(), sqlite_url, MAKES)
    kept(here, command)
    for words in (("head",), ("--sql",), ("--tag", "blue")):
        assert refused(here, command, *words, status=2) == (
            "Error: a plan says itself what runs: it goes with no revision, no --sql and no --tag\n"
            "  alembic-db upgrade --plan plan.json\n"
        )


def test_a_plan_for_another_kind_of_database_is_refused(
    project, command, sqlite_url, postgresql_url
):
    here = write(project(), sqlite_url, MAKES)
    kept(here, command)
    assert refused(here, command, "--url", postgresql_url) == (
        "Error: the plan was made for sqlite, and the database is postgresql; nothing was run\n"
        f"{AGAIN}"
    )


def test_a_plan_says_which_bases_it_is_for(shop, command):
    document = kept(shop, command)
    assert [each["base"] for each in document["bases"]] == ["app", "reporting"]
    only = command(shop, "upgrade", "--plan", "plan.json", "-b", "reporting")
    assert only.stdout == "reporting: upgraded to r1 (head), 1 revision\n"
    both = command(shop, "upgrade", "--plan", "plan.json")
    assert both.stdout == (
        "app: upgraded to a1 (head), 1 revision\nreporting: already at r1 (head)\n"
    )
    kept(shop, command, "-b", "app")
    assert command(shop, "upgrade", "--plan", "plan.json").stdout == "app: already at a1 (head)\n"
    assert refused(shop, command, "--all", status=2) == (
        "Error: the plan has nothing for reporting; it is for app\n"
        "  leave --base, --all and --tenant away: the plan says what it is for\n"
    )


# --- an env.py of the project's own -----------------------------------------------------------

OWN = """
    from alembic import context
    from sqlalchemy import create_engine, pool

    for name in ("one", "two"):
        url = f"sqlite:///{name}.db"
        if context.is_offline_mode():
            context.configure(url=url, literal_binds=True)
            context.run_migrations()
        else:
            with create_engine(url, poolclass=pool.NullPool).connect() as connection:
                context.configure(connection=connection)
                with context.begin_transaction():
                    context.run_migrations()
    """


def test_each_database_of_an_own_environment_has_a_plan(project, command, sqlite_url):
    here = write(project(), sqlite_url, MAKES, ADDS)
    command(here, "upgrade", "r0000", "--url", "sqlite:///two.db")
    here.write("migrations/env.py", OWN)
    document = kept(here, command)
    found = [
        (each["database"], each["before"], [one["revision"] for one in each["revisions"]])
        for each in document["bases"]
    ]
    assert found == [
        ("sqlite:///one.db", [], ["r0000", "r0001"]),
        ("sqlite:///two.db", ["r0000"], ["r0001"]),
    ]
    first = document["bases"][0]["revisions"][0]["statements"]
    assert first[0]["sql"].startswith("CREATE TABLE alembic_version")
    done = command(here, "upgrade", "--plan", "plan.json")
    assert done.stdout == "Upgraded to r0001 (head), 2 revisions\n"
    for name in ("one", "two"):
        assert here.stamped(f"sqlite:///{name}.db") == ["r0001"]
    again = command(here, "upgrade", "--plan", "plan.json")
    assert again.stdout == "Already at r0001 (head)\n"


def test_an_environment_with_other_databases_for_a_script_is_refused(project, command, sqlite_url):
    here = write(project(), sqlite_url, MAKES)
    lacks = "if context.is_offline_mode() and name == 'two':\n            break\n        "
    less = OWN.replace("if context", f"{lacks}if context")
    here.write("migrations/env.py", less)
    assert command(here, "plan", status=1).stderr == (
        f"Error: {here.root}/migrations/env.py runs 2 databases, and 1 for a script: there is no "
        "telling whose SQL is whose\n"
        "  let it run the same ones where context.is_offline_mode() is true\n"
    )


def test_the_plan_of_an_own_environment_is_in_its_words(project, command, postgresql_url):
    here = write(project(), postgresql_url, histories.MAKES_COUNTER)
    here.write(
        "migrations/env.py",
        """
        from alembic import context
        from sqlalchemy import create_engine, pool

        url = context.config.get_main_option("sqlalchemy.url")
        more = {"version_table": "mine", "transaction_per_migration": True}
        if context.is_offline_mode():
            context.configure(url=url, literal_binds=True, **more)
            context.run_migrations()
        else:
            with create_engine(url, poolclass=pool.NullPool).connect() as connection:
                context.configure(connection=connection, **more)
                with context.begin_transaction():
                    context.run_migrations()
        """,
    )
    (found,) = kept(here, command)["bases"]
    assert [each["sql"].split("(")[0] for each in found["revisions"][0]["statements"]] == [
        "BEGIN;",
        "CREATE TABLE mine ",
        "CREATE TABLE IF NOT EXISTS counter ",
        "INSERT INTO counter VALUES ",
        "INSERT INTO mine ",
        "COMMIT;",
    ]
    command(here, "upgrade", "--plan", "plan.json")
    assert here.stamped(postgresql_url, "mine") == ["r0000"]
    assert command(here, "plan").stdout == "Already at r0000 (head)\n"


TAGGED = """
    from alembic import context
    from sqlalchemy import create_engine, pool

    name = context.get_tag_argument()
    url = f"sqlite:///{name}.db"
    if context.is_offline_mode():
        context.configure(url=url, literal_binds=True)
        context.run_migrations()
    else:
        with create_engine(url, poolclass=pool.NullPool).connect() as connection:
            context.configure(connection=connection)
            with context.begin_transaction():
                context.run_migrations()
    """


def test_a_plan_with_a_tag_is_made_and_run_with_it(project, command, sqlite_url):
    here = write(project(), sqlite_url, MAKES)
    here.write("migrations/env.py", TAGGED)
    shown = command(here, "plan", "--tag", "blue").stdout
    assert shown.splitlines()[0] == "-- database: sqlite:///blue.db"
    assert kept(here, command, "--tag", "blue")["bases"][0]["tag"] == "blue"
    command(here, "upgrade", "--plan", "plan.json")
    assert here.stamped("sqlite:///blue.db") == ["r0000"]
    assert not {"None.db", "books.db"} & set(here.files())
