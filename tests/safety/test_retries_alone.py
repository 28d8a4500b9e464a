"""What was committed by itself is not tried again: it may have left something behind."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from alembic_migrate.errors import MigrationError
from alembic_migrate.events import Event
from tests.projects import Project
from tests.safety.histories import write
from tests.safety.scripts import script
from tests.servers import asynchronous

MAKES = "op.execute('CREATE TABLE a (n INTEGER)')"
CONCURRENTLY = """
with op.get_context().autocommit_block():
    op.create_index("i", "a", ["n"], postgresql_concurrently=True{more})
"""
INVALID = "  an invalid index is there: DROP INDEX CONCURRENTLY public.i;\n"


@contextmanager
def writing(here: Project, url: str) -> Iterator[Callable[..., None]]:
    """Write to a table in a transaction that stays open; what is handed out ends it."""
    connection = here.connect(url)
    connection.exec_driver_sql("INSERT INTO a VALUES (1)")
    try:
        yield lambda *_: connection.rollback()
    finally:
        connection.close()


@pytest.fixture(params=["psycopg", "asyncpg"])
def indexing(request, project, command, postgresql_url):
    """``indexing(more)``: a history whose second revision builds an index concurrently."""
    url = postgresql_url if request.param == "psycopg" else asynchronous(postgresql_url)

    def make(more: str = "") -> Project:
        here = write(project(), url, MAKES, lock_timeout=0.5)
        command(here, "upgrade")
        return write(here, url, MAKES, CONCURRENTLY.format(more=more), lock_timeout=0.5)

    return make


@pytest.mark.parametrize("more", ["", ", if_not_exists=True"], ids=["plain", "if-not-exists"])
def test_an_index_that_was_to_be_built_concurrently_is_not_tried_again(
    indexing, library, postgresql_url, more
):
    """The second try would find the first one's invalid index, and take it for a whole one."""
    here = indexing(more)
    with writing(here, postgresql_url) as leave:

        def report(event: Event) -> None:
            if "follows" in event.message:
                leave()

        with pytest.raises(MigrationError) as failed:
            library(here).upgrade(report=report)

    assert failed.value.hint is not None
    assert failed.value.hint.startswith("the version table is still at r0000\n")
    assert INVALID.strip() in failed.value.hint
    assert failed.value.data["invalid_indexes"] == ["public.i"]
    assert here.stamped(postgresql_url) == ["r0000"]


def test_with_an_env_py_of_ones_own_it_is_told_the_same(project, command, postgresql_url):
    here = write(project(), postgresql_url, MAKES, lock_timeout=0.5)
    command(here, "upgrade")
    write(here, postgresql_url, MAKES, CONCURRENTLY.format(more=""), lock_timeout=0.5)
    here.write("migrations/env.py", script())
    with writing(here, postgresql_url):
        failed = command(here, "upgrade", status=1)
    assert "follows" not in failed.stderr
    assert "  the version table is still at r0000\n" + INVALID in failed.stderr
    assert "nothing changed" not in failed.stderr


def test_an_index_that_was_invalid_before_is_not_this_runs(indexing, command, postgresql_url):
    here = indexing()
    with writing(here, postgresql_url):
        command(here, "upgrade", status=1)
    again = command(here, "upgrade", status=1)
    assert again.stderr.endswith("  nothing changed: the database is still at r0000\n")


def test_what_a_revision_goes_on_after_is_not_tried_again(project, command, postgresql_url):
    """It caught the timeout of its index and ran into another one, in its transaction."""
    goes_on = (
        "import contextlib\n"
        "with contextlib.suppress(Exception):\n"
        "    with op.get_context().autocommit_block():\n"
        "        op.execute('CREATE INDEX CONCURRENTLY i ON a (n)')\n"
        "op.execute('ALTER TABLE a ADD COLUMN m INTEGER')\n"
    )
    here = write(project(), postgresql_url, MAKES, lock_timeout=0.5)
    command(here, "upgrade")
    write(here, postgresql_url, MAKES, goes_on, lock_timeout=0.5)
    with writing(here, postgresql_url):
        failed = command(here, "upgrade", status=1)
    assert "follows" not in failed.stderr
    assert INVALID in failed.stderr
