"""The migration lock: who gets it, who waits, what is said, and when it is not taken at all."""

from __future__ import annotations

import re
import signal
import threading
import time
from contextlib import ExitStack

import pytest
from sqlalchemy import make_url

from alembic_migrate.bridge import waiting
from alembic_migrate.errors import ConfigError, LockError
from alembic_migrate.events import Event
from alembic_migrate.locks.gate import Wish, gate
from alembic_migrate.locks.sessions import lock_for
from tests.projects import Project
from tests.safety.histories import (
    assert_unlocked,
    backend_of,
    finish,
    halted,
    halting,
    locked,
    started,
    wait_until,
    write,
    write_history,
)
from tests.safety.scripts import ASYNC_ENV, script
from tests.servers import asynchronous

STEPS = ("op.execute('CREATE TABLE a (n INTEGER)')", "op.execute('CREATE TABLE b (n INTEGER)')")

HOLDERS = {
    "postgresql": "process N (alembic-migrate) from 127.0.0.1, connected since WHEN UTC",
    "mysql": "connection N, tester from 127.0.0.1:N, for N s in its present state",
    "sqlite": "process N on HOST, since WHEN UTC",
}
ENDINGS = {
    "postgresql": "; if it is stuck, this ends it: SELECT pg_terminate_backend(N);",
    "mysql": "; if it is stuck, this ends it: KILL N;",
    "sqlite": "",
}


def neutral(text: str) -> str:
    """Return a message without what differs from run to run."""
    text = re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", "WHEN", text)
    text = re.sub(r" on [^ ,]+, since", " on HOST, since", text)
    return re.sub(r"(process |connection |KILL |backend\(|0\.1:|, for )\d+", r"\1N", text)


def history(project: Project, url: str, **keys: object) -> Project:
    return write(project, url, *STEPS, **keys)


@pytest.mark.parametrize("how", ["flag", "key"])
def test_without_waiting_a_lock_that_is_taken_ends_the_run(project, command, database_url, how):
    here = history(project(), database_url, **({"lock_wait": 0} if how == "key" else {}))
    words = ["upgrade"] if how == "key" else ["upgrade", "--lock-wait", "0"]
    with locked(database_url):
        result = command(here, *words, status=5)

    kind = make_url(database_url).get_backend_name()
    assert neutral(result.stderr) == (
        "Error: another process is migrating this database: the lock was not free within 0 s; "
        f"it is held by {HOLDERS[kind]}\n"
        f"  run again when it has finished, or wait longer: --lock-wait 600{ENDINGS[kind]}\n"
    )
    assert here.tables(database_url) == []


def test_a_lock_that_is_taken_is_an_error_for_programs_too(project, command, postgresql_url):
    here = history(project(), postgresql_url)
    with locked(postgresql_url):
        result = command(here, "upgrade", "--lock-wait", "0", "--format", "json", status=5)

    error = result.json["error"]
    assert error["code"] == "lock"
    assert neutral(error["holder"]) == HOLDERS["postgresql"]


def test_who_waits_is_told_for_whom_after_two_seconds(project, command, database_url):
    here = history(project(), database_url)
    with locked(database_url):
        result = command(here, "upgrade", "--lock-wait", "2.5", status=5)

    kind = make_url(database_url).get_backend_name()
    assert neutral(result.stderr).split("\n")[0] == (
        "Warning: waiting for the migration lock, up to 2.5 s; it is held by " + HOLDERS[kind]
    )


@pytest.mark.parametrize("kind", ["sqlite", "postgresql", "mariadb"])
def test_an_asynchronous_driver_holds_and_meets_the_same_lock(project, command, request, kind):
    url = request.getfixturevalue(f"{kind}_url")
    here = history(project(), asynchronous(url))
    with locked(url):
        taken = command(here, "upgrade", "--lock-wait", "0", status=5)
    with locked(asynchronous(url)):
        assert neutral(command(here, "upgrade", "--lock-wait", "0", status=5).stderr) == neutral(
            taken.stderr
        )

    assert command(here, "upgrade").stdout == "Upgraded to r0001 (head), 2 revisions\n"
    assert_unlocked(url)


@pytest.mark.parametrize("words", [["upgrade"], ["upgrade", "head"], ["stamp", "head"]])
def test_where_nothing_is_to_be_done_no_lock_is_needed(project, command, database_url, words):
    here = history(project(), database_url)
    command(here, "upgrade")
    with locked(database_url):
        assert command(here, *words, "--lock-wait", "0").stdout == "Already at r0001 (head)\n"


@pytest.mark.parametrize("verb", ["current", "status", "history", "heads", "check"])
def test_what_only_reads_needs_no_lock(project, command, database_url, verb):
    here = history(project(), database_url)
    with locked(database_url):
        command(here, verb, status=None)
        assert command(here, "upgrade", "--sql").stdout.startswith(("CREATE", "BEGIN"))


def test_without_a_lock_nobody_waits(project, command, database_url):
    here = history(project(), database_url, lock="off")
    with locked(database_url):
        assert command(here, "upgrade").stdout == "Upgraded to r0001 (head), 2 revisions\n"


def test_a_required_lock_is_taken_where_there_is_one(project, command, database_url):
    here = history(project(), database_url, lock="require")
    assert command(here, "upgrade").stdout == "Upgraded to r0001 (head), 2 revisions\n"
    with locked(database_url):
        command(here, "downgrade", "base", "--lock-wait", "0", status=5)


def test_where_no_lock_is_known_it_is_said_or_an_error():
    said: list[str] = []
    unknown = make_url("mssql+pymssql://host/name")
    with gate(Wish(unknown, None, "alembic_version"), said.append) as open_gate:
        open_gate.check()
    assert said == [
        "no lock is known for mssql: see to it that only one process migrates at a time"
    ]

    required = Wish(unknown, None, "alembic_version", mode="require")
    with pytest.raises(ConfigError) as refused, gate(required, said.append):
        pass
    assert str(refused.value) == 'lock = "require", and no lock is known for mssql'
    assert refused.value.hint == (
        'lock = "auto" goes on without one: then see to it that one process migrates'
    )


def test_two_names_of_one_database_share_the_lock(project, command, tmp_path, postgresql_url):
    other_name = postgresql_url.replace("127.0.0.1", "localhost")
    here = history(project(), other_name)
    with locked(postgresql_url):
        command(here, "upgrade", "--lock-wait", "0", status=5)


def test_a_link_to_a_sqlite_file_shares_the_lock(project, command, tmp_path, sqlite_url):
    (tmp_path / "link.db").symlink_to(tmp_path / "test.db")
    here = history(project(), f"sqlite:///{tmp_path / 'link.db'}")
    with locked(sqlite_url):
        command(here, "upgrade", "--lock-wait", "0", status=5)


def test_schemas_of_tenants_do_not_wait_for_each_other(project, command, postgresql_url):
    one, other = (
        history(project(name=name), postgresql_url, version_table_schema=name)
        for name in ("one", "other")
    )
    for name in ("one", "other"):
        one.execute(postgresql_url, f"CREATE SCHEMA {name}")
        for here in (one, other):
            for number, table in enumerate("ab"):
                path = f"migrations/versions/r{number:04}.py"
                text = here.read(path)
                here.write(path, text.replace(f"TABLE {table}", f"TABLE {here.root.name}.{table}"))
    with locked(postgresql_url, schema="one"):
        command(one, "upgrade", "--lock-wait", "0", status=5)
        assert command(other, "upgrade", "--lock-wait", "0").stdout.startswith("Upgraded")


def test_databases_of_one_server_do_not_wait_for_each_other(project, command, mariadb_server):
    with mariadb_server.database() as one, mariadb_server.database() as other, locked(one):
        here = history(project(), other)
        assert command(here, "upgrade", "--lock-wait", "0").stdout.startswith("Upgraded")


@pytest.mark.parametrize("journal", [False, True], ids=["", "journal"])
@pytest.mark.parametrize("per_migration", [True, False], ids=["each", "all"])
def test_a_lock_that_is_lost_ends_the_run_before_the_next_revision(
    project, postgresql_server, postgresql_url, per_migration, journal
):
    here = write(
        project(),
        postgresql_url,
        STEPS[0] + "\n" + _until("go"),
        STEPS[1],
        transaction_per_migration=per_migration,
        journal=journal,
    )
    with started(here, "upgrade") as process:
        wait_until((here.root / "at").exists)
        _end_the_gate(postgresql_server, postgresql_url)
        (here.root / "go").touch()
        result = finish(process)

    assert result.exit == 5, result
    stays = "r0000 ran before it and stays: the database is now at r0000"
    nothing = "nothing changed: the database is still at base"
    assert result.stderr == (
        "Running upgrade  -> r0000, a step\n"
        "Error: the lock's connection was lost: another process may be migrating now\n"
        f"  {stays if per_migration else nothing}\n"
        "  run the command again\n"
    )
    assert here.stamped(postgresql_url) == (["r0000"] if per_migration else [])
    assert_unlocked(postgresql_url)


@pytest.mark.parametrize("journal", [False, True], ids=["", "journal"])
def test_a_lock_that_is_lost_on_mariadb_ends_the_run_too(
    project, mariadb_server, mariadb_url, journal
):
    steps = (STEPS[0] + "\n" + _until("go"), STEPS[1])
    here = write(project(), mariadb_url, *steps, journal=journal)
    with started(here, "upgrade") as process:
        wait_until((here.root / "at").exists)
        _end_the_gate(mariadb_server, mariadb_url)
        (here.root / "go").touch()
        result = finish(process)

    assert result.exit == 5, result
    assert result.stderr == (
        "Running upgrade  -> r0000, a step\n"
        "Error: the lock's connection was lost: another process may be migrating now\n"
        "  r0000 ran before it and stays: the database is now at r0000\n"
        "  run the command again\n"
    )
    assert here.stamped(mariadb_url) == ["r0000"]
    assert_unlocked(mariadb_url)


@pytest.mark.parametrize("kind", ["postgresql", "mariadb"])
def test_a_lock_that_is_lost_after_the_last_revision_is_a_warning(project, request, command, kind):
    url = request.getfixturevalue(f"{kind}_url")
    here = write(project(), url, STEPS[0] + "\n" + _until("go"), journal=True)
    with started(here, "upgrade") as process:
        wait_until((here.root / "at").exists)
        _end_the_gate(request.getfixturevalue(f"{kind}_server"), url)
        (here.root / "go").touch()
        result = finish(process)

    assert result.exit == 0, result
    assert result.stdout == "Upgraded to r0000 (head), 1 revision\n"
    assert result.stderr.endswith(
        "\nWarning: all was done, but the journal does not tell so: "
        "the lock's connection was lost: another process may be migrating now\n"
    )
    assert_unlocked(url)
    # The next run sees what became of it.
    assert command(here, "upgrade").stdout == "Already at r0000 (head)\n"
    outcomes = "SELECT revision, outcome FROM alembic_version_journal"
    assert here.rows(url, outcomes) == [("r0000", "done")]


def _end_the_gate(server, url: str) -> None:
    """Let the server end the connection that holds the gate."""
    name = make_url(url).database

    def end(cursor):
        if backend_of(url) == "postgresql":
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE application_name = 'alembic-migrate' AND datname = %s",
                (name,),
            )
            return
        cursor.execute("SELECT MIN(id) FROM information_schema.processlist WHERE db = %s", (name,))
        cursor.execute(f"KILL {cursor.fetchone()[0]}")

    server.execute(end)


def _until(name: str) -> str:
    return f"""\
import pathlib, time
pathlib.Path("at").touch()
while not pathlib.Path("{name}").exists():
    time.sleep(0.02)
"""


def test_a_migrating_session_that_the_server_ends_is_told(
    project, postgresql_server, postgresql_url
):
    here = write(project(), postgresql_url, STEPS[0], _until("go") + STEPS[1])
    with started(here, "upgrade") as process:
        wait_until((here.root / "at").exists)
        name = make_url(postgresql_url).database
        postgresql_server.execute(
            lambda cursor: cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE application_name <> 'alembic-migrate' AND datname = %s",
                (name,),
            )
        )
        (here.root / "go").touch()
        result = finish(process)

    path = here.root / "migrations/versions/r0001.py"
    assert result.exit == 1, result
    assert result.stderr == (
        "Running upgrade  -> r0000, a step\n"
        "Running upgrade r0000 -> r0001, a step\n"
        f"Error: revision r0001 failed in upgrade(): {path}:16: OperationalError: terminating "
        "connection due to administrator command\n"
        "  r0000 ran before it and stays: the database is now at r0000\n"
    )
    assert_unlocked(postgresql_url)


def test_a_migrating_session_that_mariadb_ends_is_told(
    project, command, mariadb_server, mariadb_url
):
    here = write(project(), mariadb_url, STEPS[0], _until("go") + STEPS[1])
    session = "SELECT MAX(id) FROM information_schema.processlist WHERE db = %s"

    def end(cursor):
        cursor.execute(session, (make_url(mariadb_url).database,))
        cursor.execute(f"KILL {cursor.fetchone()[0]}")

    with started(here, "upgrade") as process:
        wait_until((here.root / "at").exists)
        mariadb_server.execute(end)
        (here.root / "go").touch()
        result = finish(process)

    assert result.exit == 1, result
    assert "Error: revision r0001 failed in upgrade(): " in result.stderr
    assert "\n  r0000 ran before it and stays: the database is now at r0000\n" in result.stderr
    assert here.stamped(mariadb_url) == ["r0000"]
    assert_unlocked(mariadb_url)
    assert command(here, "upgrade").stdout == "Upgraded to r0001 (head), 1 revision\n"


def test_who_waits_begins_with_what_the_other_left(project, command, database_url):
    """A waiter that comes to its turn finds the work done, and says so."""
    here = write_history(project(), database_url, count=2)
    done = []
    with locked(database_url):
        other = threading.Thread(target=lambda: done.append(here.run("upgrade")))
        other.start()
        time.sleep(1)
        assert not done
    other.join()
    assert done[0].stdout == "Upgraded to r0001 (head), 2 revisions\n"


def test_the_lock_of_a_killed_process_on_sqlite_names_the_one_that_has_it_now(
    project, command, sqlite_url
):
    here = write(project(), sqlite_url, halting("there") + STEPS[0])
    with started(here, "upgrade", HALT="there") as process:
        halted(here, "there")
        told = command(here, "upgrade", "--lock-wait", "0", status=5)
    assert f"it is held by process {process.pid} on" in told.stderr
    assert command(here, "upgrade").stdout == "Upgraded to r0000 (head), 1 revision\n"


_COUNTS = (
    "import pathlib; from sqlalchemy import text; pathlib.Path('held').write_text(str(connection"
    ".execute(text(\"SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' "
    'AND pid = pg_backend_pid()")).scalar()))'
)


_NEW = "with create_engine(URL, poolclass=pool.NullPool).connect() as connection:"
_SCRIPTS = {
    "closed": script(ran=_COUNTS),
    "pooled": script(ran=_COUNTS).replace(
        _NEW, "import kept\nwith kept.engine.connect() as connection:"
    )
    + "\nwith kept.engine.connect() as connection:\n    "
    + _COUNTS.replace("'held'", "'kept'")
    + "\nkept.engine.dispose()\n",
    "async": ASYNC_ENV.replace("# ran", _COUNTS),
}


@pytest.mark.parametrize("kind", list(_SCRIPTS))
@pytest.mark.parametrize("per_migration", [True, False], ids=["each", "all"])
def test_a_scripts_session_is_locked_until_all_is_committed(
    project, command, postgresql_url, kind, per_migration
):
    url = asynchronous(postgresql_url) if kind == "async" else postgresql_url
    here = history(project(), url, transaction_per_migration=per_migration)
    here.write("migrations/env.py", _SCRIPTS[kind])
    engine = f"from sqlalchemy import create_engine\nengine = create_engine({postgresql_url!r})"
    here.write("kept.py", engine)

    command(here, "upgrade")

    assert here.read("held") == ("0" if per_migration else "1")
    assert kind != "pooled" or here.read("kept") == "0"
    free = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"
    assert here.rows(postgresql_url, free) == [(0,)]


def test_a_holder_that_hangs_is_named_to_who_waits(project, command, database_url):
    here = write(project(), database_url, halting("there") + STEPS[0])
    with started(here, "upgrade", HALT="there") as process:
        halted(here, "there")
        process.send_signal(signal.SIGSTOP)
        try:
            told = command(here, "upgrade", "--lock-wait", "2.5", status=5)
        finally:
            process.send_signal(signal.SIGCONT)

    kind = make_url(database_url).get_backend_name()
    assert neutral(told.stderr) == (
        f"Warning: waiting for the migration lock, up to 2.5 s; it is held by {HOLDERS[kind]}\n"
        "Error: another process is migrating this database: the lock was not free within 2.5 s; "
        f"it is held by {HOLDERS[kind]}\n"
        f"  run again when it has finished, or wait longer: --lock-wait 600{ENDINGS[kind]}\n"
    )
    assert command(here, "upgrade").stdout == "Upgraded to r0000 (head), 1 revision\n"


def test_the_time_to_wait_is_for_both_locks_together(project, library, postgresql_url, monkeypatch):
    """What was waited for at the gate is not waited for once more for the session's lock."""
    here = write(project(), postgresql_url, STEPS[0], lock_wait=2.2)
    pauses: list[float] = []
    monkeypatch.setattr(
        waiting, "pause_before_retry", lambda _number, at_most=4.0: pauses.append(at_most)
    )
    with here.connect(postgresql_url) as connection, ExitStack() as gated:
        lock = lock_for("postgresql", "session", None, "alembic_version")
        assert lock is not None
        assert lock.try_acquire(connection)
        gated.enter_context(locked(postgresql_url))

        def report(event: Event) -> None:
            if event.message.startswith("waiting for the migration lock"):
                gated.close()

        with pytest.raises(LockError, match=r"another session still migrates .* 2\.2 s"):
            library(here).upgrade(report=report)
    assert all(pause < 0.2 for pause in pauses)


@pytest.mark.parametrize("kind", ["postgresql", "mariadb"])
def test_who_waits_takes_the_lock_of_a_holder_whose_connection_is_cut(
    project, proxied, request, kind
):
    """The holder finds out before its next revision, and leaves it to the other."""
    url = request.getfixturevalue(f"{kind}_url")
    proxy = proxied(url)
    first = STEPS[0] + "\n" + _until("go")
    if kind == "mariadb":  # a table that was made would stay
        first = _until("go") + STEPS[0]
    steps = (first, STEPS[1])
    here = write(project(name="holder"), proxy.url, *steps)
    other = write(project(name="other"), url, *STEPS)
    with started(here, "upgrade") as holder:
        wait_until((here.root / "at").exists)
        with started(other, "upgrade") as waiting:
            wait_until(lambda: b"waiting" in waiting.stderr.peek())
            proxy.drop()
            taken = finish(waiting)
        (here.root / "go").touch()
        left = finish(holder)

    assert taken.stdout == "Upgraded to r0001 (head), 2 revisions\n", taken
    assert left.exit == 1, left
    assert other.stamped(url) == ["r0001"]
    assert_unlocked(url)
