"""A network that stalls in the middle of a run: nothing answers, and nothing says so."""

from __future__ import annotations

import re
import signal
import time

import pytest

from tests.projects import Project
from tests.safety.histories import (
    assert_unlocked,
    backend_of,
    finish,
    halted,
    halting,
    slowly,
    start,
    started,
    wait_until,
    write,
)
from tests.servers import asynchronous

CREATE = "op.execute('CREATE TABLE counter (n INTEGER)')"
INSERT = "op.execute('INSERT INTO counter VALUES (0)')"
DML = "UPDATE counter SET n = n + 1 + (slow)"
DDL = "CREATE TABLE made AS SELECT (slow) AS n"
WAITS = "\nimport pathlib, time\npathlib.Path('at').touch()\ntime.sleep(1)\n"
FIRST = {signal.SIGTERM: "terminated", signal.SIGINT: "interrupted"}
HURRIED = """
from alembic_migrate import signals
from alembic_migrate.bridge import session, telling
signals._PATIENCE = telling._HURRY = session._ENDING = 1.0
"""
SECONDS = 9.0  # cancelled 1 (psycopg: up to 5), cut, the session's end 1, and a busy machine
ANSWERS = 2.0  # seconds that a lock's connection has to answer
IMPATIENT = f"from alembic_migrate.databases import holding\nholding._PATIENCE = {ANSWERS}"
UNKNOWN = (
    "  r0000 finished before it; the database does not answer, and what it holds now is not known: "
    "look at it with alembic-db status\n"
)


@pytest.fixture(params=["postgresql", "mariadb"])
def plain(request) -> str:
    return request.getfixturevalue(f"{request.param}_url")


@pytest.fixture(params=["sync", "async"])
def driver(request):
    return asynchronous if request.param == "async" else lambda url: url


def history(project: Project, url: str, real: str, *, ddl: bool = False, **keys: object) -> Project:
    adds = slowly("slow", backend_of(real), DDL if ddl else DML)
    return write(project, url, f"{CREATE}\n{INSERT}", adds, **keys)


def stopped(here: Project, proxy, name: str, number: int):
    """Run until a place, stall the network, send a signal; return what was left and how long."""
    with started(here, "upgrade", setup=HURRIED, HALT=name) as process:
        halted(here, name)
        proxy.stall()
        began = time.monotonic()
        process.send_signal(number)
        result = finish(process)
        return result, time.monotonic() - began


@pytest.mark.parametrize(
    "number", [signal.SIGTERM, pytest.param(signal.SIGINT, marks=pytest.mark.slow)]
)
def test_a_signal_ends_a_run_whose_statement_is_not_answered(
    project, proxied, plain, driver, number
):
    proxy = proxied(plain)
    here = history(project(), driver(proxy.url), plain)

    result, took = stopped(here, proxy, "slow", number)

    assert result.exit == 128 + number, result
    # psycopg tells that it could not cancel the statement, either.
    lines = result.stderr.splitlines(keepends=True)
    assert "".join(line for line in lines if not line.startswith("query cancellation")) == (
        "Running upgrade  -> r0000, a step\n"
        "Running upgrade r0000 -> r0001, a step\n"
        f"Error: {FIRST[number]} while revision r0001 ran\n{UNKNOWN}"
    )
    assert took < SECONDS
    proxy.close()
    wait_until(lambda: here.stamped(plain) == ["r0000"])


def test_a_statement_that_commits_by_itself_is_named(project, proxied, mariadb_url, driver):
    proxy = proxied(mariadb_url)
    here = history(project(), driver(proxy.url), mariadb_url, ddl=True)

    result, took = stopped(here, proxy, "slow", signal.SIGTERM)

    assert result.exit == 143, result
    assert result.stderr.split("\n", 3)[3] == (
        f"{UNKNOWN}"
        "  the connection was lost while this statement ran, and the server may have finished it "
        "all the same:\n"
        "    CREATE TABLE made AS SELECT SLEEP(20) AS n\n"
        "  look at the schema before you run it again\n"
    )
    assert took < SECONDS


def test_a_signal_ends_a_run_that_computes_while_the_network_stalls(
    project, proxied, plain, driver
):
    """To roll back is to wait for an answer, too."""
    proxy = proxied(plain)
    here = write(project(), driver(proxy.url), CREATE, f"{INSERT}\n{halting('there')}")

    result, took = stopped(here, proxy, "there", signal.SIGTERM)

    assert result.exit == 143, result
    assert result.stderr.endswith(f"Error: terminated while revision r0001 ran\n{UNKNOWN}")
    assert took < SECONDS


def test_a_lock_that_does_not_answer_ends_the_run_before_the_next_revision(
    project, proxied, postgresql_url, driver
):
    proxy = proxied(postgresql_url)
    keys = {"journal": True, "transaction_per_migration": False, "on_version_apply": "hooks:wait"}
    here = write(project(), driver(proxy.url), CREATE, INSERT, **keys)
    here.write("hooks.py", f"def wait(**_):{WAITS}".replace("\n", "\n    "))
    with started(here, "upgrade", setup=IMPATIENT) as process:
        wait_until((here.root / "at").exists)
        proxy.stall()
        began = time.monotonic()
        result = finish(process)
        took = time.monotonic() - began

    assert result.exit == 5, result
    assert result.stderr == (
        "Running upgrade  -> r0000, a step\n"
        "Error: the lock's connection does not answer: another process may be migrating now\n"
        f"{UNKNOWN}  run the command again\n"
    )
    assert took < ANSWERS + SECONDS
    proxy.close()
    wait_until(lambda: "counter" not in here.tables(postgresql_url))


def test_a_cut_in_the_middle_of_ddl_names_the_statement_and_ends_its_session(
    project, proxied, mariadb_url, driver
):
    """The server notices nothing, and would work on, and keep the session's lock."""
    proxy = proxied(mariadb_url)
    here = history(project(), driver(proxy.url), mariadb_url, ddl=True)
    with started(here, "upgrade", HALT="slow") as process:
        halted(here, "slow")
        proxy.drop()
        result = finish(process)

    assert result.exit == 1, result
    assert result.stderr.split("\n", 3)[3] == (
        "  r0000 ran before it and stays: the database is now at r0000\n"
        "  the connection was lost while this statement ran, and the server may have finished it "
        "all the same:\n"
        "    CREATE TABLE made AS SELECT SLEEP(20) AS n\n"
        "  look at the schema before you run it again\n"
    )
    again = finish(start(here, "upgrade", "--lock-wait", "0"))
    assert again.stdout == "Upgraded to r0001 (head), 1 revision\n", again


@pytest.mark.parametrize("journal", [False, True], ids=["", "journal"])
def test_the_gate_alone_that_stalls_ends_the_run(project, proxied, plain, driver, journal):
    """Its connection leads through the proxy, the migrating one does not."""
    proxy = proxied(plain)
    here = write(project(), driver(proxy.url), CREATE + WAITS, INSERT, journal=journal)
    here.write("migrations/env.py", DIRECT.format(url=plain))
    with started(here, "upgrade", setup=IMPATIENT) as process:
        wait_until((here.root / "at").exists)
        proxy.stall()
        began = time.monotonic()
        result = finish(process)
        took = time.monotonic() - began

    assert result.exit == 5, result
    told = result.stderr.splitlines()[-4:]
    told[2] = re.sub("stays: .*, which env.py chose,", "stays: CHOSEN", told[2])
    assert told == [
        "Running upgrade  -> r0000, a step",
        "Error: the lock's connection does not answer: another process may be migrating now",
        "  r0000 ran before it and stays: CHOSEN is now at r0000",
        "  run the command again",
    ]
    assert took < ANSWERS + SECONDS
    assert here.stamped(plain) == ["r0000"]
    proxy.close()
    assert_unlocked(plain)


def test_a_lock_that_only_waits_shows_a_sign_of_life(
    project, proxied, plain, driver, command, monkeypatch
):
    """What is on the way forgets connections that are idle for long."""
    monkeypatch.setattr("alembic_migrate.locks.heartbeat.PAUSE", 0.3)
    proxy = proxied(plain, idle=1.0)
    alive = "\nimport time\nfor _ in range(15):\n    op.execute('SELECT 1')\n    time.sleep(0.2)\n"
    here = write(project(), driver(proxy.url), CREATE + alive, INSERT, lock_timeout=0)
    assert command(here, "upgrade").stdout == "Upgraded to r0001 (head), 2 revisions\n"
    assert proxy.forgotten == 0


DIRECT = """
    from alembic import context
    from sqlalchemy import create_engine
    from sqlalchemy.pool import NullPool

    with create_engine({url!r}, poolclass=NullPool).connect() as connection:
        context.configure(connection=connection, transaction_per_migration=True)
        with context.begin_transaction():
            context.run_migrations()
    """
