"""Tenants that share their SQL with an async driver, and on the workers of a cluster."""

from __future__ import annotations

from alembic_migrate.databases.catalogue.comparing import compare
from tests.fleet.dasks import scheduler
from tests.fleet.test_compiled import (
    FIRST,
    MODELS,
    NAMES,
    SECOND,
    THIRD,
    USED,
    catalogue,
    make_schemas,
    write,
)
from tests.safety.histories import finish, start

# Told by the sessions themselves: the statements that make the table, and whether SQLAlchemy
# compiled them there.
TELLING = """
from pathlib import Path
from sqlalchemy import event
from sqlalchemy.engine import Engine

@event.listens_for(Engine, "before_cursor_execute")
def tell(connection, cursor, statement, parameters, context, many):
    if "CREATE TABLE note" in statement:
        how = "shared" if context.compiled is None else "as usual"
        schema = connection.dialect.default_schema_name
        with Path(__file__).with_name(f"how_{schema}").open("a") as to:
            to.write(how)
"""
# The proof is made for however few tenants.
WORTH = "from alembic_migrate.bridge import proving\nproving._WORTH = 1"


def upgraded(here, *words):
    """Run the upgrade in a process of its own, which proves the SQL of a few tenants, too."""
    result = finish(start(here, "upgrade", "-v", *words, setup=WORTH))
    assert result.exit == 0, result
    return result


def both(project, server, driver, *words):
    """Upgrade the same project with and without, and return what was said and done of each."""
    found = []
    for compiled in (False, True):
        with server.database() as url:
            asked = url.replace("+psycopg", f"+{driver}")
            here = write(
                project(name=f"with_{compiled}"),
                FIRST, SECOND, THIRD,
                url=asked, compiled=compiled, models=MODELS + TELLING, journal=True,
            )  # fmt: skip
            make_schemas(here, url)
            result = upgraded(here, *words)
            how = [here.read(f"how_{name}") for name in NAMES]
            noted = "SELECT id, text FROM {}.note WHERE id = 2"
            rows = [here.rows(url, noted.format(name)) for name in NAMES]
            found.append((result, catalogue(here, url), how, rows))
    return found


def check_same(usual, compiled):
    assert list(compare(usual[1], compiled[1])) == []
    assert usual[3] == compiled[3] == [[(2, "%s %% %(x)s :name {} 'quoted'")]] * len(NAMES)
    assert USED.format(2) not in usual[0].stderr
    assert USED.format(2) in compiled[0].stderr
    assert usual[2] == ["as usual"] * len(NAMES)
    assert compiled[2] == ["shared"] * len(NAMES)
    assert usual[0].stdout == compiled[0].stdout


def test_the_sessions_of_an_async_driver_share_it(project, postgresql_server):
    check_same(*both(project, postgresql_server, "asyncpg", "--jobs", "2"))


def test_the_workers_of_a_cluster_share_it(project, postgresql_server, tmp_path):
    with scheduler(tmp_path) as dask, dask.workers(2):
        check_same(*both(project, postgresql_server, "psycopg", *dask.words))
