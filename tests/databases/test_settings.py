"""Settings of a session that are changed for a while, and put back as they were."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import create_engine, make_url, text
from sqlalchemy.ext.asyncio import create_async_engine

from alembic_migrate.databases.settings import put_back, set_postgres

NAMED = "what's \\ 100 %s of :it?"


def _asked(connection, name):
    return connection.execute(text("SELECT current_setting(:name, true)"), {"name": name}).scalar()


def _try(connection):
    connection.execute(text("SELECT set_config('application_name', :it, false)"), {"it": NAMED})
    wanted = {"application_name": "ours", "lock_timeout": "1500ms", "not_known": "1"}
    restoring = set_postgres(connection, wanted)
    assert _asked(connection, "application_name") == "ours"
    assert _asked(connection, "lock_timeout") == "1500ms"
    assert _asked(connection, "not_known") is None
    put_back(connection, restoring)
    assert _asked(connection, "application_name") == NAMED
    assert _asked(connection, "lock_timeout") == "0"


@pytest.mark.parametrize("strict", ["on", "off"])
def test_what_the_server_knows_is_changed_and_put_back(postgresql_url, strict):
    engine = create_engine(make_url(postgresql_url))
    with engine.connect() as connection:
        connection.exec_driver_sql(f"SET standard_conforming_strings = {strict}")
        _try(connection)
    engine.dispose()


def test_so_with_a_driver_that_sends_one_statement_at_a_time(postgresql_url):
    pytest.importorskip("asyncpg")

    async def work():
        engine = create_async_engine(make_url(postgresql_url).set(drivername="postgresql+asyncpg"))
        async with engine.connect() as connection:
            await connection.run_sync(_try)
        await engine.dispose()

    asyncio.run(work())


def test_nothing_to_change_asks_nothing(postgresql_url):
    engine = create_engine(make_url(postgresql_url))
    with engine.connect() as connection:
        assert set_postgres(connection, {}) == []
        put_back(connection, [])
        assert not connection.in_transaction()
    engine.dispose()
