"""A project's own engine: its pool may hold one connection, and gets back what it lent."""

from __future__ import annotations

import sys

import pytest

from tests.safety.histories import assert_unlocked, write
from tests.servers import asynchronous

CREATE = "op.execute('CREATE TABLE a (n INTEGER)')"
INSERT = "op.execute('INSERT INTO a VALUES (1)')"
ONE = """
    from sqlalchemy import create_engine
    from sqlalchemy.ext.asyncio import create_async_engine

    ENGINES = {}

    def make_engine(url):
        if url not in ENGINES:
            make = create_async_engine if url.get_dialect().is_async else create_engine
            ENGINES[url] = make(url, pool_size=1, max_overflow=0, pool_timeout=3)
        return ENGINES[url]
    """
IN_MEMORY = """
    from sqlalchemy import create_engine
    from sqlalchemy.pool import {pool}

    ENGINE = create_engine("sqlite://", poolclass={pool})

    def make_engine(url):
        return ENGINE
    """
TOKENS = """
    from sqlalchemy import create_engine, event

    SEEN, ENGINES = [], []

    def make_engine(url):
        engine = create_engine(url.set(password="expired"), pool_size=1, max_overflow=0)
        ENGINES.append(engine)

        @event.listens_for(engine, "do_connect")
        def give_token(dialect, record, arguments, parameters):
            SEEN.append("token")
            parameters["password"] = url.password

        @event.listens_for(engine, "connect")
        def set_up(connection, record):
            SEEN.append("connect")

        return engine
    """


@pytest.fixture(params=["postgresql", "mariadb"])
def plain(request) -> str:
    return request.getfixturevalue(f"{request.param}_url")


@pytest.fixture(params=["sync", "async"])
def driver(request):
    return asynchronous if request.param == "async" else lambda url: url


@pytest.mark.parametrize("journal", [True, False], ids=["journal", "plain"])
def test_a_pool_of_one_connection_is_enough(project, plain, driver, journal):
    keys = {"engine": "engines:make_engine", "journal": journal}
    here = write(project(), driver(plain), CREATE, INSERT, **keys)
    here.write("engines.py", ONE)

    assert here.run("upgrade").stdout == "Upgraded to r0001 (head), 2 revisions\n"
    assert here.rows(plain, "SELECT n FROM a") == [(1,)]
    write(here, driver(plain), CREATE, INSERT, INSERT + "\n1 / 0", **keys)
    failed = here.run("upgrade", status=1)
    assert failed.stderr.endswith("  nothing changed: the database is still at r0001\n")
    assert_unlocked(plain)


@pytest.mark.parametrize("pool", ["StaticPool", "SingletonThreadPool"])
def test_a_database_in_memory_is_the_one_of_the_projects_engine(project, library, pool):
    here = write(project(), "sqlite://", CREATE, INSERT, engine="engines:make_engine", journal=True)
    here.write("engines.py", IN_MEMORY.format(pool=pool))
    loaded = library(here)

    (run,) = loaded.upgrade()

    assert run.after == ("r0001",)
    engine = sys.modules["engines"].ENGINE
    with engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT n FROM a").all() == [(1,)]
        noted = connection.exec_driver_sql("SELECT outcome FROM alembic_version_journal").all()
    engine.dispose()
    assert noted == [("done",), ("done",)]


def test_listeners_that_bring_a_password_are_asked_for_the_lock_too(
    project, library, postgresql_url
):
    here = write(project(), postgresql_url, CREATE, engine="engines:make_engine")
    here.write("engines.py", TOKENS)

    (run,) = library(here).upgrade()

    assert run.after == ("r0000",)
    seen = sys.modules["engines"].SEEN
    for engine in sys.modules["engines"].ENGINES:
        engine.dispose()
    assert set(seen) == {"token", "connect"}
    assert seen.count("token") == seen.count("connect") >= 3  # where it is, the lock, the run
    assert_unlocked(postgresql_url)


SETTINGS = {
    "postgresql": "SELECT current_setting('lock_timeout'), current_setting('statement_timeout')",
    "mysql": "SELECT @@SESSION.lock_wait_timeout, @@SESSION.max_statement_time",
}


@pytest.mark.parametrize("lock", ["auto", "off"])
@pytest.mark.parametrize("ending", [INSERT, "1 / 0", "op.execute('SELECT * FROM nowhere')"])
def test_a_pooled_session_gets_its_settings_back(project, library, plain, lock, ending):
    keys = {"engine": "engines:make_engine", "lock": lock}
    limits = {"lock_timeout": 7, "statement_timeout": 70}
    here = write(project(), plain, CREATE, ending, **keys, **limits)
    here.write("engines.py", ONE)
    asks = SETTINGS["postgresql" if plain.startswith("postgresql") else "mysql"]
    before = here.rows(plain, asks)
    loaded = library(here)

    if ending == INSERT:
        loaded.upgrade()
    else:
        with pytest.raises(Exception, match="revision r0001 failed"):
            loaded.upgrade()

    (engine,) = sys.modules["engines"].ENGINES.values()
    with engine.connect() as connection:
        assert [tuple(row) for row in connection.exec_driver_sql(asks)] == before
    engine.dispose()
    assert_unlocked(plain)
