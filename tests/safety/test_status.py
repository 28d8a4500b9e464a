"""status: what is pending, who migrates now, and what nobody knows."""

from __future__ import annotations

import os
import re
import signal

import pytest

from tests.projects import TWO_BASES, revision_text
from tests.safety.histories import (
    backend_of,
    halted,
    halting,
    locked,
    slowly,
    started,
    wait_until,
    write,
)

MAKES_A = 'op.create_table("a", sa.Column("x", sa.Integer))'


def below(said: str) -> str:
    """Return what stands below the table."""
    return said.partition("\n\n")[2]


def test_what_is_pending_is_listed_with_its_message(project, database_url, command):
    here = write(project(), database_url, *["pass"] * 8)
    command(here, "upgrade", "r0000")
    lines = [f"default: pending r{n - 1:04} -> r{n:04}, a step" for n in range(1, 7)]
    lines.append("default: pending r0006 -> r0007 (head), a step")
    assert below(command(here, "status").stdout).splitlines() == [
        *lines[:5],
        "default: and 2 more; -v shows all",
    ]
    assert below(command(here, "status", "-v").stdout).splitlines() == lines
    (row,) = command(here, "status", "--format", "json").json["bases"]
    assert [one["revision"] for one in row["pending"]] == [f"r{n:04}" for n in range(1, 8)]
    assert [one["message"] for one in row["pending"]] == ["a step"] * 7
    assert (row["state"], row["lock"], row["unknown"]) == ("behind", None, [])


def test_a_process_that_migrates_now_is_named(project, database_url, command):
    here = write(project(), database_url, "pass", f"{MAKES_A}\n{halting('middle')}")
    command(here, "upgrade", "r0000")
    with started(here, "upgrade", HALT="middle") as process:
        halted(here, "middle")
        files = here.files()
        said = below(command(here, "status").stdout)
        (row,) = command(here, "status", "--format", "json").json["bases"]
        assert here.files() == files
    pending, lock = said.splitlines()
    assert pending == "default: pending r0000 -> r0001 (head), a step"
    who = {
        "sqlite": rf"process {process.pid} on \S+, since [-\d]+ [:\d]+ UTC",
        "postgresql": r"process \d+ \(alembic-migrate\) from \S+, connected since [^;]+; "
        r"what migrates is process \d+ from \S+, connected since [^;]+",
        "mysql": r"connection \d+, tester from \S+, for \d+ s in its present state; "
        r"what migrates is connection \d+, tester from \S+, for \d+ s in its present state",
    }[database_url.partition("+")[0].partition(":")[0]]
    assert re.fullmatch(rf"default: locked by {who}", lock), lock
    assert re.fullmatch(who, row["lock"])
    assert row["state"] == "behind"


def test_nobody_is_named_once_a_migration_is_over(project, database_url, command):
    here = write(project(), database_url, "pass")
    with locked(database_url):
        (row,) = command(here, "status", "--format", "json").json["bases"]
        assert row["lock"] is not None
    (row,) = command(here, "status", "--format", "json").json["bases"]
    assert row["lock"] is None


def test_the_note_of_a_process_that_was_killed_names_nobody(project, sqlite_url, command):
    here = write(project(), sqlite_url, halting("middle"))
    with started(here, "upgrade", HALT="middle") as process:
        halted(here, "middle")
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    assert (here.root.parent / "test.db.migration-lock-holder").exists()
    (row,) = command(here, "status", "--format", "json").json["bases"]
    assert row["lock"] is None


@pytest.mark.parametrize("kind", ["postgresql", "mariadb"])
def test_a_session_that_outlives_its_process_is_named(project, request, command, kind):
    url = request.getfixturevalue(f"{kind}_url")
    backend = backend_of(url)
    # PostgreSQL would notice within a second that nobody is there any more.
    blind = 'op.execute("SET client_connection_check_interval = 0")\n'
    works = slowly("ddl", backend, "CREATE TABLE made AS SELECT (slow) AS n", 15)
    here = write(project(), url, (blind if backend == "postgresql" else "") + works)

    def lock() -> str | None:
        (row,) = command(here, "status", "--format", "json").json["bases"]
        return row["lock"]

    with started(here, "upgrade", HALT="ddl") as process:
        halted(here, "ddl")
        session = "; what migrates is "
        wait_until(lambda: session in (lock() or ""))
        number = re.search(r"\d+", lock().partition(session)[2])[0]
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    wait_until(lambda: session not in (lock() or ""))
    left = lock()

    assert left.endswith(", in a session whose process may have ended"), left
    assert re.search(r"\d+", left)[0] == number
    told = command(here, "upgrade", "--lock-wait", "0", status=5).stderr
    assert f"it is held by {left.partition(',')[0]}" in told


def test_without_a_lock_nobody_is_named(project, postgresql_url, command):
    here = write(project(), postgresql_url, "pass", lock="off")
    with locked(postgresql_url):
        (row,) = command(here, "status", "--format", "json").json["bases"]
    assert row["lock"] is None


@pytest.mark.parametrize(
    "words",
    [("status",), ("current",), ("check",), ("history", "--applied"), ("history", "-i")],
)
def test_what_reads_makes_no_file(project, sqlite_url, command, words):
    here = write(project(), sqlite_url, "pass", journal=True)
    files = sorted(here.root.parent.rglob("*"))
    command(here, *words, status=None)
    assert sorted(here.root.parent.rglob("*")) == files
    command(here, "upgrade")
    (here.root.parent / "test.db.migration-lock").unlink()
    files = sorted(here.root.parent.rglob("*"))
    command(here, *words)
    assert sorted(here.root.parent.rglob("*")) == files


def test_a_status_does_not_take_the_lock_for_a_moment(sqlite_url, project, command, monkeypatch):
    from alembic_migrate.locks.sidecar import SidecarLock

    here = write(project(), sqlite_url, "pass")
    command(here, "upgrade")
    taken = []
    monkeypatch.setattr(SidecarLock, "try_acquire", taken.append)
    command(here, "status")
    assert taken == []


@pytest.mark.parametrize("ids", [["gone"], ["gone", "lost"], ["gone", "r0000"]])
def test_every_revision_that_nobody_knows_is_told(project, database_url, command, ids):
    here = write(project(), database_url, "pass")
    command(here, "upgrade")
    here.execute(database_url, "DELETE FROM alembic_version")
    for one in ids:
        here.execute(database_url, f"INSERT INTO alembic_version VALUES ('{one}')")
    (row,) = command(here, "status", "--format", "json").json["bases"]
    assert (row["state"], row["pending"]) == ("unknown revision", None)
    assert row["current"] == sorted(ids)
    assert row["unknown"] == [one for one in sorted(ids) if one != "r0000"]
    said = below(command(here, "status", "--exit-code", status=4).stdout)
    assert "the version table alembic_version names revision " in said


def test_the_lock_is_told_of_a_database_with_an_unknown_revision_too(
    project, postgresql_url, command
):
    here = write(project(), postgresql_url, "pass")
    command(here, "upgrade")
    here.execute(postgresql_url, "UPDATE alembic_version SET version_num = 'gone'")
    with locked(postgresql_url):
        (row,) = command(here, "status", "--format", "json").json["bases"]
    assert (row["state"], row["lock"] is not None) == ("unknown revision", True)


def test_databases_that_cannot_be_reached_are_rows(project, command):
    here = project(TWO_BASES)
    for base in ("app", "reporting"):
        text = revision_text(f"{base}1", upgrade=MAKES_A)
        here.write(f"migrations/{base}/versions/r.py", text)
    env = {"APP_URL": "postgresql+psycopg://me@127.0.0.1:9/x"}
    said = command(here, "status", env=env).stdout
    table = [line.split() for line in said.partition("\n\n")[0].splitlines()]
    assert [row[-1] for row in table] == ["state", "unreachable", "empty"]
    app, reporting = command(here, "status", "--format", "json", env=env).json["bases"]
    assert (app["state"], app["heads"], app["pending"]) == ("unreachable", ["app1"], None)
    assert app["error"]["message"].startswith("postgresql+psycopg://me@127.0.0.1:9/x: nothing ")
    assert (reporting["state"], reporting["error"]) == ("empty", None)
    assert here.files("app.db") == here.files("reporting.db") == []


def test_two_rows_of_which_one_is_the_others_ancestor_are_an_error(project, sqlite_url, command):
    here = write(project(), sqlite_url, "pass", "pass")
    command(here, "upgrade")
    here.execute(sqlite_url, "INSERT INTO alembic_version VALUES ('r0000')")
    (row,) = command(here, "status", "--format", "json").json["bases"]
    assert (row["state"], row["unknown"], row["current"]) == ("error", [], ["r0000", "r0001"])
