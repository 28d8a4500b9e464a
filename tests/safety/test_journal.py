"""The journal: what was run, how it ended, and how a half-applied revision is mended."""

from __future__ import annotations

import hashlib
import os
import re
import signal
import socket
from datetime import UTC, datetime, timedelta

import pytest

import alembic_migrate
from alembic_migrate.errors import MigrationError, UsageError
from alembic_migrate.version import VERSION
from tests.projects import TWO_BASES, Project, revision_text
from tests.safety.histories import halted, halting, started, wait_until, write
from tests.safety.scripts import script
from tests.servers import asynchronous

MAKES = {name: f'op.create_table("{name}", sa.Column("x", sa.Integer))' for name in "abc"}
DROPS = {name: f'op.drop_table("{name}")' for name in "abc"}
FAILS = 'op.execute("SELECT nothing FROM nowhere")'
TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00"


def revision(here: Project, name: str, down: str | None = None, **text: object) -> None:
    here.write(f"migrations/versions/{name}.py", revision_text(name, down, **text))


def noted(here: Project, url: str, table: str = "alembic_version_journal") -> list[tuple]:
    """Return the journal, oldest first: revision, direction, outcome."""
    return here.rows(url, f"SELECT revision, direction, outcome FROM {table} ORDER BY id")


def without_times(text: str) -> str:
    return re.sub(TIME, "TIME", text).replace(socket.gethostname(), "HOST")


@pytest.fixture
def half(project, mariadb_url):
    """Revision r1 makes a and b in MariaDB and fails in its third statement; undone, it drops them.

    What is written there fails as long as the file "broken" is in the project's folder.
    """
    here = write(project(), mariadb_url, 'op.execute("SELECT 1")', journal=True)
    breaks = f"import os\nif os.path.exists('broken'):\n    {FAILS}"
    ups, downs = f"{MAKES['a']}\n{MAKES['b']}", f"{DROPS['b']}\n{breaks}\n{DROPS['a']}"
    revision(here, "r1", "r0000", upgrade=f"{ups}\n{breaks}", downgrade=downs)
    here.write("broken", "")
    return here


def test_every_revision_is_noted_with_all_that_is_known_of_it(project, database_url, command):
    here = write(project(), database_url, MAKES["a"], MAKES["b"], journal=True)
    before = datetime.now(UTC).replace(tzinfo=None) - timedelta(milliseconds=2)
    command(here, "upgrade")
    after = datetime.now(UTC).replace(tzinfo=None)

    file = (here.root / "migrations/versions/r0000.py").read_bytes()
    (entry, _) = alembic_migrate.load(here.root).journal()[0].entries[::-1]
    assert (entry.revision, entry.direction, entry.outcome) == ("r0000", "upgrade", "done")
    assert entry.file_hash == hashlib.sha256(file).hexdigest()
    assert (entry.tool_version, entry.host) == (VERSION, socket.gethostname())
    start, end = (
        datetime.fromisoformat(one).replace(tzinfo=None) for one in (entry.started, entry.finished)
    )
    assert before <= start <= end <= after
    assert noted(here, database_url) == [
        ("r0000", "upgrade", "done"),
        ("r0001", "upgrade", "done"),
    ]


def test_a_files_hash_does_not_depend_on_its_line_ends(project, sqlite_url, command):
    here = write(project(), sqlite_url, MAKES["a"], journal=True)
    file = here.root / "migrations/versions/r0000.py"
    text = file.read_bytes()
    file.write_bytes(text.replace(b"\n", b"\r\n"))
    command(here, "upgrade")
    hashes = here.rows(sqlite_url, "SELECT file_hash FROM alembic_version_journal")
    assert hashes == [(hashlib.sha256(text).hexdigest(),)]


def test_without_the_key_there_is_no_journal(project, sqlite_url, command):
    here = write(project(), sqlite_url, MAKES["a"])
    command(here, "upgrade")
    assert here.tables(sqlite_url) == ["a", "alembic_version"]
    assert command(here, "history", "--applied").stdout == "(no journal)\n"
    assert command(here, "history", "--applied", "--format", "json").json == {
        "command": "history",
        "bases": [{"base": "default", "entries": []}],
    }


def test_a_failed_revision_is_noted_although_it_was_rolled_back(project, database_url, command):
    here = write(project(), database_url, MAKES["a"], FAILS, journal=True)
    command(here, "upgrade", status=1)
    assert noted(here, database_url) == [
        ("r0000", "upgrade", "done"),
        ("r0001", "upgrade", "failed"),
    ]
    # Nothing of it is there: it runs again as it is.
    revision(here, "r0001", "r0000")
    command(here, "upgrade")
    assert noted(here, database_url)[2:] == [("r0001", "upgrade", "done")]


def test_with_one_transaction_for_all_what_was_rolled_back_was_not_done(
    project, postgresql_url, sqlite_url, command
):
    for number, url in enumerate((postgresql_url, sqlite_url)):
        here = write(
            project(name=f"p{number}"), url, MAKES["a"], FAILS, journal=True,
            transaction_per_migration=False,
        )  # fmt: skip
        command(here, "upgrade", status=1)
        assert noted(here, url) == [
            ("r0000", "upgrade", "failed"),
            ("r0001", "upgrade", "failed"),
        ]
        revision(here, "r0001", "r0000")
        command(here, "upgrade")
        assert noted(here, url)[2:] == [
            ("r0000", "upgrade", "done"),
            ("r0001", "upgrade", "done"),
        ]


def test_a_commit_that_fails_has_committed_nothing(project, postgresql_url, command):
    tables = """
    op.execute("CREATE TABLE p (x INTEGER PRIMARY KEY)")
    op.execute("CREATE TABLE c (x INTEGER REFERENCES p (x) DEFERRABLE INITIALLY DEFERRED)")
    op.execute("INSERT INTO p VALUES (1)")
    op.execute("INSERT INTO c VALUES (1)")
    """
    here = write(project(), postgresql_url, tables, 'op.execute("DELETE FROM p")', journal=True)
    command(here, "upgrade", "r0000")
    said = command(here, "upgrade", status=1).stderr
    assert said.endswith("\n  nothing changed: the database is still at r0000\n")
    assert noted(here, postgresql_url)[1:] == [("r0001", "upgrade", "failed")]


def test_with_one_transaction_for_all_what_a_revision_committed_is_done(
    project, postgresql_url, command
):
    commits = f"with op.get_context().autocommit_block():\n    {MAKES['b']}\n{FAILS}"
    here = write(
        project(), postgresql_url, MAKES["a"], commits, journal=True,
        transaction_per_migration=False,
    )  # fmt: skip
    command(here, "upgrade", status=1)
    assert here.stamped(postgresql_url) == ["r0000"]
    assert noted(here, postgresql_url) == [
        ("r0000", "upgrade", "done"),
        ("r0001", "upgrade", "half applied"),
    ]


def test_downgrades_and_stamps_are_noted_too(project, database_url, command):
    here = write(project(), database_url, "pass", "pass", journal=True)
    command(here, "stamp", "r0000")
    command(here, "upgrade")
    command(here, "downgrade", "base")
    assert noted(here, database_url) == [
        ("r0000", "stamp", "done"),
        ("r0001", "upgrade", "done"),
        ("r0001", "downgrade", "done"),
        ("r0000", "downgrade", "done"),
    ]
    hashes = here.rows(database_url, "SELECT file_hash IS NULL FROM alembic_version_journal")
    assert [bool(one) for (one,) in hashes] == [True, False, False, False]


def test_an_asynchronous_driver_writes_the_same_journal(project, database_url, command):
    here = write(project(), asynchronous(database_url), MAKES["a"], FAILS, journal=True)
    command(here, "upgrade", status=1)
    assert noted(here, database_url) == [
        ("r0000", "upgrade", "done"),
        ("r0001", "upgrade", "failed"),
    ]


@pytest.mark.parametrize("keys", [{}, {"drop_unowned": True}, {"include_schemas": True}])
def test_the_journal_is_hidden_from_autogenerate_and_check(project, database_url, command, keys):
    here = write(project(), database_url, "pass", journal=True, **keys)
    command(here, "upgrade")
    assert "alembic_version_journal" in here.tables(database_url)
    (found,) = command(here, "check", "--format", "json").json["bases"]
    assert found["findings"] == []
    (written,) = command(here, "migrate", "--format", "json").json["bases"]
    assert written["revisions"] == []
    # With include_schemas MariaDB shows its own tables.
    assert not [one for one in found["left_out"] + written["left_out"] if "alembic" in one]


def test_a_database_that_holds_nothing_but_a_journal_is_empty(project, database_url, command):
    here = write(project(), database_url, "pass", journal=True)
    command(here, "upgrade")
    command(here, "downgrade", "base")
    (row,) = command(here, "status", "--format", "json").json["bases"]
    assert row["state"] == "empty"
    here.execute(database_url, "CREATE TABLE other (x INTEGER)")
    (row,) = command(here, "status", "--format", "json").json["bases"]
    assert row["state"] == "unmanaged"


def test_history_shows_what_was_applied_newest_first(project, postgresql_url, command):
    here = write(project(), postgresql_url, "pass", FAILS, journal=True)
    command(here, "upgrade", status=1)
    assert without_times(command(here, "history", "--applied").stdout) == (
        f"r0001 upgrade failed, TIME - TIME, HOST, version {VERSION}\n"
        f"r0000 upgrade done, TIME - TIME, HOST, version {VERSION}\n"
    )
    document = command(here, "history", "--applied", "--format", "json").json
    (answer,) = document["bases"]
    assert (document["command"], answer["base"]) == ("history", "default")
    entry = answer["entries"][1]
    assert all(re.fullmatch(TIME, entry.pop(one)) for one in ("started", "finished"))
    file = (here.root / "migrations/versions/r0000.py").read_bytes()
    assert entry == {
        "revision": "r0000",
        "direction": "upgrade",
        "outcome": "done",
        "file_hash": hashlib.sha256(file).hexdigest(),
        "tool_version": VERSION,
        "host": socket.gethostname(),
    }


def test_the_journals_of_several_bases_stand_under_their_names(project, command):
    here = project(TWO_BASES)
    here.write("pyproject.toml", here.read("pyproject.toml") + "journal = true\n")
    for base in ("app", "reporting"):
        here.write(f"migrations/{base}/versions/r.py", revision_text(f"{base}1"))
    command(here, "upgrade", "--all")
    assert without_times(command(here, "history", "--applied").stdout) == (
        "[app]\n(no journal)\n\n"
        f"[reporting]\nreporting1 upgrade done, TIME - TIME, HOST, version {VERSION}\n"
    )


def test_the_whole_journal_is_shown_or_none_of_it(project, sqlite_url, command):
    here = write(project(), sqlite_url, "pass", journal=True)
    for more in (("-r", "r0000:head"), ("-i",)):
        assert command(here, "history", "--applied", *more, status=2).stderr == (
            "Error: history --applied shows the whole journal: no --rev-range, no "
            "--indicate-current\n  alembic-db history --applied\n"
        )


def test_the_journal_of_a_database_that_does_not_answer_is_an_error(project, command):
    here = write(project(), "postgresql+psycopg://me@127.0.0.1:9/x", "pass", journal=True)
    said = command(here, "history", "--applied", status=1).stderr
    assert said.startswith("Error: postgresql+psycopg://me@127.0.0.1:9/x: nothing answers")


def test_the_journal_stands_beside_the_version_table(project, postgresql_url, command):
    here = write(
        project(), postgresql_url, MAKES["a"], journal=True,
        version_table="versions", version_table_schema="meta",
    )  # fmt: skip
    here.execute(postgresql_url, "CREATE SCHEMA meta")
    command(here, "upgrade")
    assert noted(here, postgresql_url, "meta.versions_journal") == [("r0000", "upgrade", "done")]
    assert here.tables(postgresql_url) == ["a"]
    assert "r0000 upgrade done" in command(here, "history", "--applied").stdout
    here.write(
        "base.py",
        "from sqlalchemy import *\nmetadata = MetaData()\n"
        'Table("a", metadata, Column("x", Integer))\n',
    )
    (found,) = command(here, "check", "--set", "include_schemas=true", "--format", "json").json[
        "bases"
    ]
    assert (found["findings"], found["left_out"]) == ([], [])


# --- half applied -----------------------------------------------------------------------------


def test_a_half_applied_revision_is_marked_and_told(half, mariadb_url, command):
    command(half, "upgrade", "r0000")
    said = command(half, "upgrade", status=1).stderr
    assert noted(half, mariadb_url)[1:] == [("r1", "upgrade", "half applied")]
    error = said[said.index("Error:") :].replace(str(half.root), "ROOT")
    assert re.sub(r"_mysql.*?\n|ProgrammingError: .*\n", "SAID\n", error) == (
        "Error: revision r1 failed in upgrade(): ROOT/migrations/versions/r1.py:16: SAID\n"
        "  the version table is still at r0000\n"
        "  these statements are committed and stay, although their revision is not applied:\n"
        "    CREATE TABLE a ( x INTEGER )\n"
        "    CREATE TABLE b ( x INTEGER )\n"
        "  undo them by hand, correct the revision, and run it again\n"
        "  upgrade refuses to go on until you say that it is mended: alembic-db resolve r1 "
        "--not-applied, or --applied where you completed it\n"
    )


@pytest.mark.parametrize("words", [("upgrade",), ("downgrade", "base"), ("upgrade", "r0000")])
def test_nothing_goes_on_over_a_half_applied_revision(half, mariadb_url, command, words):
    command(half, "upgrade", status=1)
    (half.root / "broken").unlink()
    assert without_times(command(half, *words, status=1).stderr) == (
        "Error: revision r1 is half applied: its upgrade began TIME on HOST and did not end\n"
        "  look at the schema, bring it to one side or the other, and say which:\n"
        "  alembic-db resolve r1 --applied\n"
        "  or alembic-db resolve r1 --not-applied\n"
    )
    assert half.stamped(mariadb_url) == ["r0000"]
    error = command(half, *words, "--format", "json", status=1).json["error"]
    assert error["half_applied"] == "r1"


def test_an_upgrade_that_was_undone_by_hand_runs_again(half, mariadb_url, command):
    command(half, "upgrade", status=1)
    (half.root / "broken").unlink()
    half.execute(mariadb_url, "DROP TABLE a, b")
    said = command(half, "resolve", "r1", "--not-applied")
    assert said.stdout == "Resolved: the database is at r0000\n"
    assert noted(half, mariadb_url)[1:] == [("r1", "upgrade", "resolved")]
    assert command(half, "upgrade").stdout == "Upgraded to r1 (head), 1 revision\n"
    assert noted(half, mariadb_url)[2:] == [("r1", "upgrade", "done")]


def test_an_upgrade_that_was_completed_by_hand_is_applied(half, mariadb_url, command):
    command(half, "upgrade", status=1)
    said = command(half, "resolve", "r1", "--applied")
    assert said.stdout == "Resolved: the database is at r1 (head)\n"
    assert half.stamped(mariadb_url) == ["r1"]
    assert noted(half, mariadb_url)[1:] == [
        ("r1", "upgrade", "resolved"),
        ("r1", "stamp", "done"),
    ]
    assert command(half, "upgrade").stdout == "Already at r1 (head)\n"


@pytest.fixture
def half_undone(half, command):
    """The same, where a downgrade has dropped b and failed before it dropped a."""
    (half.root / "broken").unlink()
    command(half, "upgrade")
    half.write("broken", "")
    command(half, "downgrade", status=1)
    return half


def test_a_downgrade_that_stopped_half_way_holds_an_upgrade_up_too(
    half_undone, mariadb_url, command
):
    assert noted(half_undone, mariadb_url)[2:] == [("r1", "downgrade", "half applied")]
    # The version table is at the head already.
    assert without_times(command(half_undone, "upgrade", status=1).stderr).startswith(
        "Error: revision r1 is half applied: its downgrade began TIME on HOST and did not end\n"
    )


@pytest.mark.parametrize(
    ("mends", "word", "at", "told"),
    [
        ("DROP TABLE a", "--not-applied", ["r0000"], "r0000"),
        ("CREATE TABLE b (x INTEGER)", "--applied", ["r1"], "r1 (head)"),
    ],
)
def test_a_downgrade_is_resolved_in_both_directions(
    half_undone, mariadb_url, command, mends, word, at, told
):
    here = half_undone
    here.execute(mariadb_url, mends)
    said = command(here, "resolve", "r1", word)
    assert said.stdout == f"Resolved: the database is at {told}\n"
    assert here.stamped(mariadb_url) == at
    assert noted(here, mariadb_url)[2] == ("r1", "downgrade", "resolved")
    (here.root / "broken").unlink()
    command(here, "upgrade")
    command(here, "downgrade", "base")
    assert here.tables(mariadb_url) == ["alembic_version", "alembic_version_journal"]


def test_a_stamp_does_not_make_a_half_applied_revision_forgotten(half, command):
    command(half, "upgrade", status=1)
    command(half, "stamp", "r1")
    command(half, "upgrade", status=1)
    said = command(half, "resolve", "r1", "--applied")
    assert said.stdout == "Resolved: the database is at r1 (head)\n"
    command(half, "upgrade")


def test_a_revision_that_was_killed_in_the_middle_is_half_applied(project, mariadb_url, command):
    here = write(
        project(), mariadb_url, f"{MAKES['a']}\n{halting('middle')}\n{MAKES['b']}", journal=True
    )
    with started(here, "upgrade", HALT="middle") as process:
        halted(here, "middle")
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    assert noted(here, mariadb_url) == [("r0000", "upgrade", "running")]
    said = command(here, "history", "--applied").stdout
    assert without_times(said) == f"r0000 upgrade running, TIME, HOST, version {VERSION}\n"
    assert (
        "revision r0000 is half applied: its upgrade began"
        in command(here, "upgrade", status=1).stderr
    )
    here.execute(mariadb_url, "DROP TABLE a")
    said = command(here, "resolve", "r0000", "--not-applied")
    assert said.stdout == "Resolved: the database is at base\n"
    command(here, "upgrade")
    assert noted(here, mariadb_url) == [
        ("r0000", "upgrade", "resolved"),
        ("r0000", "upgrade", "done"),
    ]


@pytest.mark.parametrize("kind", ["postgresql", "mariadb"])
def test_a_stamp_that_was_killed_holds_nothing_up(project, request, command, kind):
    url = request.getfixturevalue(f"{kind}_url")
    here = write(project(), url, MAKES["a"], MAKES["b"], journal=True)
    command(here, "upgrade", "r0000")
    with here.connect(url) as other:
        share = "FOR SHARE" if kind == "postgresql" else "LOCK IN SHARE MODE"
        other.exec_driver_sql(f"SELECT * FROM alembic_version {share}")
        with started(here, "stamp", "r0001") as process:
            wait_until(lambda: ("r0001", "stamp", "running") in noted(here, url))
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        other.rollback()

    assert command(here, "upgrade").stdout == "Upgraded to r0001 (head), 1 revision\n"
    assert noted(here, url)[1:] == [("r0001", "stamp", "failed"), ("r0001", "upgrade", "done")]


def test_a_killed_revision_that_was_stamped_runs_no_more(project, mariadb_url, command):
    body = f"{MAKES['a']}\n{halting('middle')}\n{MAKES['b']}"
    here = write(project(), mariadb_url, body, journal=True)
    with started(here, "upgrade", HALT="middle") as process:
        halted(here, "middle")
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    command(here, "stamp", "r0000")

    assert noted(here, mariadb_url) == [
        ("r0000", "upgrade", "half applied"),
        ("r0000", "stamp", "done"),
    ]
    assert "is half applied" in command(here, "upgrade", status=1).stderr
    command(here, "resolve", "r0000", "--applied")
    assert command(here, "upgrade").stdout == "Already at r0000 (head)\n"


@pytest.mark.parametrize("per_migration", [True, False])
def test_on_postgresql_a_killed_revision_left_nothing_and_runs_again(
    project, postgresql_url, command, per_migration
):
    here = write(
        project(), postgresql_url, MAKES["a"], f"{MAKES['b']}\n{halting('middle')}",
        journal=True, transaction_per_migration=per_migration,
    )  # fmt: skip
    with started(here, "upgrade", HALT="middle") as process:
        halted(here, "middle")
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    assert noted(here, postgresql_url) == [
        ("r0000", "upgrade", "done" if per_migration else "running"),
        ("r0001", "upgrade", "running"),
    ]
    command(here, "upgrade")
    before = [
        ("r0000", "upgrade", "done" if per_migration else "failed"),
        ("r0001", "upgrade", "failed"),
    ]
    again = [("r0001", "upgrade", "done")]
    if not per_migration:
        again.insert(0, ("r0000", "upgrade", "done"))
    assert noted(here, postgresql_url) == before + again


_KILLS = """
import os, signal
from sqlalchemy import event
from sqlalchemy.engine import Engine
armed = []
@event.listens_for(Engine, "after_cursor_execute")
def executed(connection, cursor, statement, *_):
    if "alembic_version " in statement and "'r0001'" in statement:
        armed.append(True)
@event.listens_for(Engine, "commit")
def committed(connection):
    if armed:
        connection.connection.dbapi_connection.commit()
        os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.parametrize("kind", ["postgresql", "mariadb"])
@pytest.mark.parametrize("direction", ["upgrade", "downgrade"])
def test_a_revision_that_was_killed_right_after_its_commit_is_done(
    project, request, command, kind, direction
):
    """The version table knows what the journal could not be told any more."""
    url = request.getfixturevalue(f"{kind}_url")
    here = write(project(), url, MAKES["a"], journal=True)
    revision(here, "r0001", "r0000", upgrade=MAKES["b"], downgrade=DROPS["b"])
    command(here, "upgrade", "r0000" if direction == "upgrade" else "head")
    kept = here.read("base.py")
    here.write("base.py", kept + _KILLS)
    words, at = (("upgrade",), "r0001") if direction == "upgrade" else (("downgrade",), "r0000")
    with started(here, *words) as process:
        assert process.wait(30) == -signal.SIGKILL
    here.write("base.py", kept)
    assert here.stamped(url) == [at]
    assert noted(here, url)[-1] == ("r0001", direction, "running")

    assert "half applied" not in command(here, "plan", status=None).stderr
    assert command(here, "upgrade", at).stdout.split()[:3] == ["Already", "at", at]
    assert noted(here, url)[-1] == ("r0001", direction, "done")


def test_on_postgresql_a_killed_revision_that_commits_by_itself_is_half_applied(
    project, postgresql_url, command
):
    commits = f"with op.get_context().autocommit_block():\n    {MAKES['a']}\n{halting('middle')}"
    here = write(project(), postgresql_url, commits, journal=True)
    with started(here, "upgrade", HALT="middle") as process:
        halted(here, "middle")
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    assert "revision r0000 is half applied" in command(here, "upgrade", status=1).stderr
    command(here, "resolve", "r0000", "--applied")
    assert command(here, "upgrade").stdout == "Already at r0000 (head)\n"


def test_on_sqlite_a_revision_that_commits_by_itself_may_be_half_applied(
    project, sqlite_url, command
):
    commits = f"with op.get_context().autocommit_block():\n    {MAKES['a']}\n{FAILS}"
    here = write(project(), sqlite_url, commits, journal=True)
    command(here, "upgrade", status=1)
    assert noted(here, sqlite_url) == [("r0000", "upgrade", "half applied")]
    assert "revision r0000 is half applied" in command(here, "upgrade", status=1).stderr
    here.execute(sqlite_url, "DROP TABLE a")
    command(here, "resolve", "r0000", "--not-applied")
    revision(here, "r0000", upgrade=MAKES["a"])
    command(here, "upgrade")
    assert noted(here, sqlite_url) == [
        ("r0000", "upgrade", "resolved"),
        ("r0000", "upgrade", "done"),
    ]


def test_a_journal_needs_no_lock(project, mariadb_url, postgresql_url, command):
    for number, url in enumerate((mariadb_url, postgresql_url)):
        here = write(
            project(name=f"p{number}"), url, MAKES["a"], f"{MAKES['b']}\n{FAILS}",
            journal=True, lock="off",
        )  # fmt: skip
        command(here, "upgrade", status=1)
        outcome = "half applied" if url == mariadb_url else "failed"
        assert noted(here, url) == [("r0000", "upgrade", "done"), ("r0001", "upgrade", outcome)]


def test_an_interrupted_revision_is_noted(project, postgresql_url, mariadb_url):
    outcomes = {}
    for number, url in enumerate((postgresql_url, mariadb_url)):
        here = write(
            project(name=f"p{number}"), url, f"{MAKES['a']}\n{halting('middle')}", journal=True
        )
        with started(here, "upgrade", HALT="middle") as process:
            halted(here, "middle")
            os.kill(process.pid, signal.SIGTERM)
            assert process.wait(20) == 143
        outcomes[url] = noted(here, url)
    assert outcomes == {
        postgresql_url: [("r0000", "upgrade", "failed")],
        mariadb_url: [("r0000", "upgrade", "half applied")],
    }


def test_a_retry_is_a_row_of_its_own(project, postgresql_url, command):
    here = write(
        project(), postgresql_url, MAKES["a"], 'op.add_column("a", sa.Column("y", sa.Integer))',
        journal=True, lock_timeout=0.2, lock_retries=1,
    )  # fmt: skip
    command(here, "upgrade", "r0000")
    with here.connect(postgresql_url) as other:
        other.exec_driver_sql("SELECT * FROM a")
        command(here, "upgrade", status=1)
    assert noted(here, postgresql_url)[1:] == [("r0001", "upgrade", "failed")] * 2


# --- resolve ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            ("r1",),
            "resolve takes --applied or --not-applied\n  alembic-db resolve r1 --not-applied\n",
        ),
        (
            ("r1", "--applied", "--not-applied"),
            "resolve takes --applied or --not-applied\n  alembic-db resolve r1 --not-applied\n",
        ),
        (
            ("r9", "--applied"),
            (
                "there is no revision 'r9' in ROOT/migrations\n"
                "  did you mean r1? alembic-db history lists the revisions\n"
            ),
        ),
        (
            ("r0000", "--applied"),
            (
                "revision r0000 was not left half applied; r1 was\n"
                "  alembic-db history --applied shows the journal\n"
            ),
        ),
        (
            ("base", "--applied"),
            (
                "revision base was not left half applied; r1 was\n"
                "  alembic-db history --applied shows the journal\n"
            ),
        ),
    ],
)
def test_what_resolve_cannot_do_is_told(half, mariadb_url, command, words, message):
    command(half, "upgrade", status=1)
    before = noted(half, mariadb_url)
    said = command(half, "resolve", *words, status=2)
    assert said.stderr.replace(str(half.root), "ROOT") == f"Error: {message}"
    assert noted(half, mariadb_url) == before


@pytest.mark.parametrize(
    ("keys", "hint"),
    [
        ({"journal": True}, "alembic-db history --applied shows the journal"),
        ({}, "only a journal knows: journal = true under [tool.alembic-migrate]"),
    ],
)
def test_there_may_be_nothing_to_resolve(project, sqlite_url, command, keys, hint):
    here = write(project(), sqlite_url, "pass", **keys)
    command(here, "upgrade")
    assert command(here, "resolve", "r0000", "--applied", status=2).stderr == (
        f"Error: revision r0000 was not left half applied; none was\n  {hint}\n"
    )


def test_one_revision_of_one_base_is_resolved(two_bases, command):
    said = command(two_bases, "resolve", "a1", "--applied", "--all", status=2).stderr
    assert said.startswith("Error: the revision a1 ")


def test_a_revision_of_a_branch_leaves_the_other_branch_alone(project, mariadb_url, command):
    here = write(project(), mariadb_url, journal=True)
    revision(here, "one", upgrade=MAKES["a"], branch_labels=("first",))
    revision(here, "two", upgrade=f"{MAKES['b']}\n{FAILS}", branch_labels=("second",))
    command(here, "upgrade", "one")
    command(here, "upgrade", "two", status=1)
    assert command(here, "resolve", "two", "--applied").stdout == (
        "Resolved: the database is at one (head), two (head)\n"
    )
    assert here.stamped(mariadb_url) == ["one", "two"]
    revision(
        here,
        "two",
        branch_labels=("second",),
        upgrade=MAKES["b"],
        downgrade=f"{DROPS['b']}\n{FAILS}",
    )
    command(here, "downgrade", "second@base", status=1)
    assert command(here, "resolve", "two", "--not-applied").stdout == (
        "Resolved: the database is at one (head)\n"
    )
    assert here.stamped(mariadb_url) == ["one"]


@pytest.mark.parametrize(("word", "at"), [("--applied", ["both"]), ("--not-applied", ["l", "r"])])
def test_a_merge_is_resolved_in_both_directions(project, mariadb_url, command, word, at):
    here = write(project(), mariadb_url, journal=True)
    revision(here, "l")
    revision(here, "r")
    revision(here, "both", ("l", "r"), upgrade="pass", downgrade=f"{MAKES['a']}\n{FAILS}")
    command(here, "upgrade")
    command(here, "downgrade", "l", status=1)
    command(here, "resolve", "both", word)
    assert here.stamped(mariadb_url) == at


# --- the library ------------------------------------------------------------------------------


def test_the_library_tells_and_resolves(half, mariadb_url, library, monkeypatch):
    monkeypatch.chdir(half.root)
    project = library(half)
    with pytest.raises(MigrationError) as failed:
        project.upgrade()
    assert failed.value.data["committed_statements"] == [
        "CREATE TABLE a ( x INTEGER )",
        "CREATE TABLE b ( x INTEGER )",
    ]
    with pytest.raises(UsageError):
        project.resolve("r0000", applied=True)
    (entry, _) = project.journal()[0].entries
    assert (entry.revision, entry.outcome) == ("r1", "half applied")
    (run,) = project.resolve("r1", applied=True)
    assert (run.verb, run.before, run.after) == ("resolve", ("r0000",), ("r1",))
    assert [one.outcome for one in project.journal()[0].entries] == ["done", "resolved", "done"]
    assert half.stamped(mariadb_url) == ["r1"]


def test_without_the_lock_the_row_of_a_run_that_is_alive_is_left_alone(
    project, postgresql_url, command
):
    """Who takes no lock cannot know whether that run was killed."""
    slow = f"{halting('middle')}\n{MAKES['b']}"
    here = write(project(), postgresql_url, MAKES["a"], slow, journal=True, lock="off")
    command(here, "upgrade", "r0000")
    with started(here, "upgrade", HALT="middle"):
        halted(here, "middle")
        command(here, "downgrade", "base")
        assert noted(here, postgresql_url)[1:] == [
            ("r0001", "upgrade", "running"),
            ("r0000", "downgrade", "done"),
        ]


@pytest.mark.parametrize("configured", [True, False])
def test_a_journal_beside_the_database_that_a_script_chose_is_told(
    project, sqlite_url, command, tmp_path, configured
):
    chosen = f"sqlite:///{tmp_path}/chosen.db"
    here = write(project(), sqlite_url, MAKES["a"], journal=True)
    here.write("migrations/env.py", script(before=f"URL = {chosen!r}"))
    if not configured:
        toml = here.read("pyproject.toml").replace(f'url = "{sqlite_url}"\n', "")
        here.write("pyproject.toml", toml)

    said = command(here, "upgrade").stderr

    kept = f"the journal is kept in {sqlite_url}, the configured database; env.py chose {chosen}"
    none = "no journal is kept: env.py chooses the database, and no url is configured"
    assert f"Warning: {kept if configured else none}\n" in said
    assert said.count("journal is") == 1
    assert here.stamped(chosen) == ["r0000"]
    if configured:
        assert noted(here, sqlite_url) == [("r0000", "upgrade", "done")]
