"""kill -9 of the process that migrates: the others finish, and nothing ran twice or half."""

from __future__ import annotations

import os
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
    write,
)

MAKES = """\
op.create_table("counter", sa.Column("n", sa.Integer), if_not_exists=True)
{halt}
op.execute("INSERT INTO counter VALUES (0)")
"""

# Long enough to be killed in, short enough to be waited for where the server goes on alone.
ORPHAN_SECONDS = 3


def history(project: Project, url: str) -> Project:
    """Write three revisions that can be told to halt: first, in DDL, in DML, between two."""
    backend = backend_of(url)
    ddl = "CREATE TABLE IF NOT EXISTS made AS SELECT (slow) AS n"
    dml = "UPDATE counter SET n = n + 1 + (slow)"
    return write(
        project,
        url,
        MAKES.format(halt=halting("first")),
        slowly("ddl", backend, ddl, ORPHAN_SECONDS),
        slowly("dml", backend, dml, ORPHAN_SECONDS),
        halting("between") + 'op.execute("UPDATE counter SET n = n + 1")',
    )


QUICK = [("sqlite", "dml"), ("postgresql", "first"), ("postgresql", "ddl"), ("mariadb", "ddl")]


@pytest.mark.parametrize(
    ("kind", "place"),
    [
        pytest.param(kind, place, marks=[] if (kind, place) in QUICK else pytest.mark.slow)
        for kind in ("sqlite", "postgresql", "mariadb")
        for place in ("first", "ddl", "dml", "between")
    ],
)
def test_the_others_finish_when_the_one_that_migrates_is_killed(project, request, kind, place):
    database_url = request.getfixturevalue(f"{kind}_url")
    here = history(project(), database_url)
    with started(here, "upgrade", HALT=place) as holder:
        halted(here, place)
        with started(here, "upgrade") as waiting:
            time.sleep(0.5)
            os.kill(holder.pid, signal.SIGKILL)
            late = start(here, "upgrade")
            results = [finish(waiting), finish(late)]

    assert [result.exit for result in results] == [0, 0], results
    assert here.rows(database_url, "SELECT n FROM counter") == [(2,)]
    assert here.stamped(database_url) == ["r0003"]
    assert_unlocked(database_url)


@pytest.fixture
def orphaned(project, postgresql_url):
    """``orphaned(seconds)``: a project whose DDL still runs although its process was killed."""

    def make(seconds: float) -> Project:
        url = postgresql_url
        ddl = slowly("ddl", "postgresql", "CREATE TABLE made AS SELECT (slow) AS n", seconds)
        # The server would notice within a second that nobody is there any more.
        blind = 'op.execute("SET client_connection_check_interval = 0")\n'
        here = write(project(), url, MAKES.format(halt=""), blind + ddl)
        with started(here, "upgrade", HALT="ddl") as holder:
            halted(here, "ddl")
            os.kill(holder.pid, signal.SIGKILL)
        return here

    return make


def neutral(text: str) -> str:
    """Return a message without the session's number and the time of its connecting."""
    text = re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d \S+", "WHEN", text)
    return re.sub(r"(process |backend\()\d+", r"\1N", text)


HOLDER = "it is held by process N from 127.0.0.1, connected since WHEN"


def test_a_statement_that_outlives_its_process_is_waited_for(orphaned, postgresql_url):
    here = orphaned(10)
    began = time.monotonic()
    result = finish(start(here, "upgrade"))
    took = time.monotonic() - began

    assert result.exit == 0, result
    assert result.stdout == "Upgraded to r0001 (head), 1 revision\n"
    assert neutral(result.stderr).splitlines()[0] == (
        "Warning: waiting for another session that still migrates this database, up to 300 s; "
        f"{HOLDER}"
    )
    assert took > 6
    assert here.rows(postgresql_url, "SELECT n FROM made") == [(0,)]
    assert_unlocked(postgresql_url)


def test_a_statement_that_outlives_its_process_too_long_is_told(orphaned):
    result = finish(start(orphaned(12), "upgrade", "--lock-wait", "0"))

    assert result.exit == 5
    assert neutral(result.stderr) == (
        "Error: another session still migrates this database, although its process has ended or "
        f"has another environment: not free within 0 s; {HOLDER}\n"
        "  wait until the server has finished its statement, then run again; if it is stuck, this "
        "ends it: SELECT pg_terminate_backend(N);\n"
    )
