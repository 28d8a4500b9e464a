"""A statement that waits for an application's transaction: who it is, and what would end it."""

from __future__ import annotations

import re

import pytest

from tests.safety.histories import write
from tests.servers import asynchronous

MAKES_A = 'op.create_table("a", sa.Column("x", sa.Integer))'
ALTERS_A = 'op.add_column("a", sa.Column("y", sa.Integer))'


@pytest.fixture
def blocked(project, postgresql_url, command):
    """``blocked(url)``: what an upgrade said that waited for an application with a long report."""

    def run(url: str, *words: str, **keys: object):
        here = write(project(), url, MAKES_A, ALTERS_A, lock_timeout=0.3, lock_retries=1, **keys)
        command(here, "upgrade", "r0000")
        with here.connect(postgresql_url) as application:
            application.exec_driver_sql("SET application_name = 'monthly report'")
            pid = application.exec_driver_sql("SELECT pg_backend_pid()").scalar()
            application.exec_driver_sql("SELECT * FROM a")
            said = command(here, "upgrade", *words, status=1)
        assert here.stamped(postgresql_url) == ["r0000"]
        return said, pid

    return run


@pytest.mark.parametrize("driver", ["sync", "async"])
def test_the_warning_and_the_error_name_who_blocks_and_what_ends_it(
    blocked, postgresql_url, driver
):
    url = asynchronous(postgresql_url) if driver == "async" else postgresql_url
    said, pid = blocked(url)
    who = (
        f"process {pid} (monthly report) from 127.0.0.1; SELECT pg_terminate_backend({pid}); "
        "ends it"
    )
    error = re.sub(r"/\S+/migrations|(Operational|DBAPI)Error: .*", "...", said.stderr)
    assert error == (
        "Running upgrade r0000 -> r0001, a step\n"
        f"Warning: revision r0001 ran into lock_timeout (held by {who}) and changed nothing; try "
        "2 of 2 follows\n"
        "Running upgrade r0000 -> r0001, a step\n"
        "Error: revision r0001 failed in upgrade(): .../versions/r0001.py:12: ...\n"
        "  nothing changed: the database is still at r0000\n"
        f"  it was kept waiting by {who}\n"
    )


def test_programs_are_told_who_blocks(blocked, postgresql_url):
    said, pid = blocked(postgresql_url, "--format", "json")
    error = said.json["error"]
    assert (error["lock_timeout"], error["revision"]) == (True, "r0001")
    assert error["blocked_by"].startswith(f"process {pid} (monthly report) from ")


def test_without_the_locks_connection_nobody_can_be_named(blocked, postgresql_url):
    said, _ = blocked(postgresql_url, lock="off")
    assert "Warning: revision r0001 ran into lock_timeout and changed nothing; try 2" in said.stderr
    assert "it was kept waiting" not in said.stderr
