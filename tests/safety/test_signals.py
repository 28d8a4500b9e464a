"""SIGTERM and SIGINT in the middle of a long statement: it ends at once, and what stays is told."""

from __future__ import annotations

import signal
import time

import pytest

from tests.projects import Project
from tests.safety.histories import (
    assert_unlocked,
    backend_of,
    finish,
    halted,
    locked,
    slowly,
    start,
    started,
    wait_until,
    write,
)
from tests.servers import asynchronous

MAKES = (
    "op.execute('CREATE TABLE counter (n INTEGER)')\nop.execute('INSERT INTO counter VALUES (0)')"
)
FIRST = {signal.SIGTERM: "terminated", signal.SIGINT: "interrupted"}
SECONDS = 3.0


def history(project: Project, url: str) -> Project:
    adds = slowly("dml", backend_of(url), "UPDATE counter SET n = n + 1 + (slow)")
    return write(project, url, MAKES, adds)


@pytest.fixture(params=["sqlite", "postgresql", "mariadb"])
def plain(request) -> str:
    return request.getfixturevalue(f"{request.param}_url")


@pytest.mark.parametrize(
    ("driver", "number"),
    [
        pytest.param("sync", signal.SIGTERM, id="sync-term"),
        pytest.param("async", signal.SIGTERM, id="async-term"),
        pytest.param("sync", signal.SIGINT, id="sync-int", marks=pytest.mark.slow),
        pytest.param("async", signal.SIGINT, id="async-int", marks=pytest.mark.slow),
    ],
)
def test_a_signal_ends_a_long_statement_and_the_run(project, plain, driver, number):
    url = plain if driver == "sync" else asynchronous(plain)
    here = history(project(), url)
    with started(here, "upgrade", HALT="dml") as process:
        halted(here, "dml")
        began = time.monotonic()
        process.send_signal(number)
        result = finish(process)
        took = time.monotonic() - began

    assert result.exit == 128 + number, result
    assert result.stderr == (
        "Running upgrade  -> r0000, a step\n"
        "Running upgrade r0000 -> r0001, a step\n"
        f"Error: {FIRST[number]} while revision r0001 ran\n"
        "  r0000 ran before it and stays: the database is now at r0000\n"
    )
    assert took < SECONDS
    again = finish(start(here, "upgrade", "--lock-wait", "0"))
    assert again.stdout == "Upgraded to r0001 (head), 1 revision\n", again
    assert here.rows(plain, "SELECT n FROM counter") == [(1,)]
    assert_unlocked(plain)


def test_a_second_ctrl_c_ends_it_too(project, plain):
    here = history(project(), plain)
    with started(here, "upgrade", HALT="dml") as process:
        halted(here, "dml")
        began = time.monotonic()
        process.send_signal(signal.SIGINT)
        time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        result = finish(process)
        took = time.monotonic() - began

    assert result.exit in {130, -signal.SIGINT}, result  # a shell calls both 130
    assert took < SECONDS
    assert_unlocked(plain)
    assert here.stamped(plain) == ["r0000"]


SLOW_TO_CLOSE = """
import pathlib
import sqlite3
import time

from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

ends = pathlib.Path("ends")


class Slow(sqlite3.Connection):
    def close(self):
        if pathlib.Path("dml.here").exists() and not ends.exists():
            ends.touch()
            time.sleep(20)
        super().close()


def make_engine(url):
    def connect():
        return sqlite3.connect(url.database, factory=Slow)

    return create_engine(url, creator=connect, poolclass=NullPool)
"""


@pytest.mark.parametrize("number", list(FIRST))
def test_a_second_signal_while_the_first_one_is_followed_shows_no_traceback(
    project, sqlite_url, number
):
    here = history(project(), sqlite_url)
    here.write("engines.py", SLOW_TO_CLOSE)
    keys = here.read("pyproject.toml")
    here.write("pyproject.toml", f'{keys}engine = "engines:make_engine"\n')
    with started(here, "upgrade", HALT="dml") as process:
        halted(here, "dml")
        process.send_signal(number)
        wait_until((here.root / "ends").exists)
        process.send_signal(number)
        result = finish(process)

    assert result.exit == 128 + number, result
    assert "closing connection" not in result.stderr
    assert_unlocked(sqlite_url)
    assert here.stamped(sqlite_url) == ["r0000"]


@pytest.mark.parametrize(
    "number",
    [pytest.param(signal.SIGTERM, id="term", marks=pytest.mark.slow), signal.SIGINT],
)
def test_who_waits_for_the_lock_can_be_ended(project, plain, number):
    here = history(project(), plain)
    with locked(plain), started(here, "upgrade") as process:
        wait_until(lambda: b"waiting" in process.stderr.peek())
        process.send_signal(number)
        result = finish(process)

    assert result.exit == 128 + number
    assert (
        result.stderr == f"Error: {FIRST[number]}\n  nothing changed\n"
    )  # the rest was read above


def test_the_journal_of_a_run_that_was_ended_is_nothing_that_the_revision_left(
    project, sqlite_url, command
):
    adds = slowly("dml", "sqlite", "UPDATE counter SET n = n + 1 + (slow)")
    here = write(project(), sqlite_url, MAKES, journal=True)
    command(here, "upgrade")
    write(here, sqlite_url, MAKES, adds, journal=True)
    with started(here, "upgrade", HALT="dml") as process:
        halted(here, "dml")
        process.send_signal(signal.SIGTERM)
        result = finish(process)
    assert result.exit == 143, result
    assert result.stderr.endswith(
        "Error: terminated while revision r0001 ran\n"
        "  nothing changed: the database is still at r0000\n"
    )
    assert here.rows(sqlite_url, "SELECT outcome FROM alembic_version_journal") == [
        ("done",),
        ("failed",),
    ]
