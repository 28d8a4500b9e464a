"""What a database says of its tables, and of its version table."""

from __future__ import annotations

import pytest
from sqlalchemy import make_url

from alembic_migrate.databases.connecting import run_on
from alembic_migrate.databases.state import read_heads, tables_among
from alembic_migrate.errors import DatabaseError
from tests.servers import asynchronous


@pytest.fixture(params=["sqlite", "postgresql", "mariadb"])
def url(request, tmp_path):
    """A database that holds the tables here and also."""
    server = request.param != "sqlite"
    url = request.getfixturevalue(f"{request.param}_url") if server else f"sqlite:///{tmp_path}/a"

    def make(connection):
        for name in ("here", "also"):
            connection.exec_driver_sql(f"CREATE TABLE {name} (n INTEGER)")
        connection.commit()

    run_on(make_url(url), make)
    return url


@pytest.mark.parametrize("driver", [str, asynchronous])
def test_only_the_tables_that_were_asked_for_are_told(url, driver):
    asked = ["here", "gone", "He%re", "o'clock"]

    assert run_on(make_url(driver(url)), lambda c: tables_among(c, asked)) == {"here"}
    assert run_on(make_url(driver(url)), lambda c: tables_among(c, [])) == set()


@pytest.mark.parametrize("driver", [str, asynchronous])
def test_tables_of_other_schemas_of_postgresql_count_where_they_are_named(postgresql_url, driver):
    def ask(connection):
        for statement in (
            "CREATE SCHEMA other",
            "CREATE SCHEMA third",
            "CREATE TABLE other.a (n integer)",
            "CREATE TABLE third.b (n integer) PARTITION BY RANGE (n)",
            "CREATE VIEW other.c AS SELECT 1",
            "CREATE TEMPORARY TABLE d (n integer)",
            "CREATE TABLE e (n integer)",
            "SET search_path TO other, third",
        ):
            connection.exec_driver_sql(statement)
        names = list("abcde")
        return [tables_among(connection, names, schema) for schema in (None, "third", "public")]

    found = run_on(make_url(driver(postgresql_url)), ask)

    assert found == [{"a", "b"}, {"b"}, {"e"}]


@pytest.mark.parametrize("driver", [str, asynchronous])
def test_a_table_without_versions_is_told_and_one_that_is_missing_is_empty(url, driver):
    def read(connection):
        assert read_heads(connection, "gone", None) == ()
        with pytest.raises(DatabaseError, match=r"here has no column version_num: .*columns: n\)"):
            read_heads(connection, "here", None)
        # What follows on the connection is not hindered by it.
        connection.exec_driver_sql("CREATE TABLE versions (version_num VARCHAR(32) NOT NULL)")
        connection.exec_driver_sql("INSERT INTO versions VALUES ('a1')")
        return read_heads(connection, "versions", None)

    assert run_on(make_url(driver(url)), read) == ("a1",)
