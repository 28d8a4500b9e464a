"""Each way to a session that tenants hand on leads into the tenant's own schema."""

from __future__ import annotations

import asyncio
from contextlib import nullcontext

import pytest
from sqlalchemy import make_url, text

from alembic_migrate.databases.keeping import hand_on, keeping
from alembic_migrate.databases.tenancy import InSchemas, quoted
from tests.fleet.test_applying import SEEN, SEVERAL, _at_any_price
from tests.fleet.test_compiled import MAKES, MODELS, NAMES, schemas
from tests.projects import revision_text

_ = schemas, _at_any_price  # fixtures


def test_a_tenant_with_a_wider_version_table_gets_no_plan_of_the_one_before(
    schemas, command, postgresql_url
):
    here = schemas(MAKES, names=SEVERAL)
    command(here, "upgrade", "-q")
    wider = f"ALTER TABLE {SEVERAL[-2]}.alembic_version ALTER version_num TYPE varchar(255)"
    here.execute(postgresql_url, wider)
    here.write("migrations/versions/r2.py", revision_text("r2", "r1", upgrade=SEEN))
    command(here, "upgrade")


RAW = """
raw = op.get_bind().engine.raw_connection()
cursor = raw.cursor()
cursor.execute("INSERT INTO seen SELECT current_schema()")
raw.commit()
raw.close()
"""


def test_the_drivers_own_connection_is_in_the_tenants_schema(schemas, command, postgresql_url):
    here = schemas(SEEN, RAW)
    command(here, "upgrade", "r1")
    command(here, "upgrade")
    for name in NAMES:
        assert here.rows(postgresql_url, f"SELECT what FROM {name}.seen") == [(name,)]


LISTENS = """
from sqlalchemy import event
from sqlalchemy.engine import Engine

@event.listens_for(Engine, "{}")
def note(*given):
    raw = given[0] if len(given) > 1 else given[0].connection.dbapi_connection
    raw.cursor().execute("SELECT set_config('a.b', current_schema(), false)")
    raw.commit()
"""


@pytest.mark.parametrize("name", ["connect", "checkout", "engine_connect"])
def test_a_listener_of_the_projects_is_told_of_each_session(schemas, postgresql_url, name):
    sets = "op.execute(\"INSERT INTO seen VALUES (current_setting('a.b'))\")"
    here = schemas(SEEN, sets, models=MODELS + LISTENS.format(name))
    here.run("upgrade")  # a process of its own: it goes on listening
    for tenant in NAMES:
        # A new connection is shown to the project before it enters a schema.
        found = "public" if name == "connect" else tenant
        assert here.rows(postgresql_url, f"SELECT what FROM {tenant}.seen") == [(found,)]


def test_a_connection_that_is_made_anew_is_in_its_schema(project, postgresql_url):
    asked = text("SELECT current_schema()")
    url = make_url(postgresql_url)
    here = project()
    for schema in ("one", "two"):
        here.execute(postgresql_url, f"CREATE SCHEMA {schema}")
    with keeping():
        with InSchemas(("one",))(url).connect() as connection:
            hand_on(connection)
        with InSchemas(("two",))(url).connect() as connection:
            assert connection.execute(asked).scalar() == "two"
            connection.rollback()
            connection.invalidate()
            assert connection.execute(asked).scalar() == "two"
            other = connection.engine.execution_options(isolation_level="AUTOCOMMIT")
            with other.connect() as autocommitting:
                assert autocommitting.execute(asked).scalar() == "two"
            raw = other.raw_connection()
            cursor = raw.cursor()
            cursor.execute("SELECT current_schema()")
            assert cursor.fetchone() == ("two",)
            raw.close()
            other.dispose()
        with InSchemas(("one",))(url).connect() as connection:
            assert connection.execute(asked).scalar() == "one"


ODD = "o'n\"e \\ %s :x ?"


def _make_odd(here, url):
    name = quoted(ODD, "postgresql").replace("%", "%%")  # which the driver halves
    here.execute(url, f"CREATE SCHEMA {name}")


def _says_where_it_is(connection):
    assert connection.execute(text("SELECT current_schema()")).scalar() == ODD
    connection.rollback()
    assert connection.execute(text("SELECT current_schema()")).scalar() == ODD


@pytest.mark.parametrize("strict", ["on", "off"])
@pytest.mark.parametrize("kept", [True, False])
def test_a_schema_of_any_name_is_entered(project, postgresql_url, strict, kept):
    _make_odd(project(), postgresql_url)
    url = make_url(postgresql_url).update_query_dict(
        {"options": f"-c standard_conforming_strings={strict}"}
    )
    with keeping() if kept else nullcontext():
        engine = InSchemas((ODD,))(url)
        with engine.connect() as connection:
            _says_where_it_is(connection)
        engine.dispose()


def test_so_with_an_asynchronous_driver(project, postgresql_url):
    pytest.importorskip("asyncpg")
    _make_odd(project(), postgresql_url)

    async def work():
        engine = InSchemas((ODD,))(make_url(postgresql_url).set(drivername="postgresql+asyncpg"))
        async with engine.connect() as connection:
            await connection.run_sync(_says_where_it_is)
        await engine.dispose()

    asyncio.run(work())


def test_a_session_that_is_handed_on_is_in_no_transaction(project, postgresql_url):
    project().execute(postgresql_url, "CREATE SCHEMA one")
    with keeping():
        engine = InSchemas(("one",))(make_url(postgresql_url))
        for _ in range(2):
            with engine.connect() as connection:
                raw = connection.connection.dbapi_connection
                assert not raw.autocommit
                connection.exec_driver_sql("CREATE TABLE given_up ()")
                connection.rollback()
                hand_on(connection)
        with engine.connect() as connection:
            assert connection.connection.dbapi_connection is raw
            assert connection.execute(text("SELECT to_regclass('given_up')")).scalar() is None
