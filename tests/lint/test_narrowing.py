"""Which values do not fit a narrower type: claimed, and tried on servers with such a value."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pymysql
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import make_url

from alembic_migrate.lint.columntypes import ColumnType, parse
from alembic_migrate.lint.narrowing import Misfit, narrows

LONG = "x" * 30
STOPS, CHANGES = False, True

# From, to, a value, what is said of values like it, whether they stop the revision or are changed.
ON_POSTGRESQL = [
    ("varchar(50)", "varchar(20)", LONG, "longer than 20 characters", STOPS),
    ("text", "varchar(20)", LONG, "longer than 20 characters", STOPS),
    ("varchar", "char(20)", LONG, "longer than 20 characters", STOPS),
    ("bigint", "integer", 2**40, "below -2147483648 or above 2147483647", STOPS),
    ("integer", "smallint", 2**20, "below -32768 or above 32767", STOPS),
    ("integer", "varchar(5)", -100000, "longer than 5 characters", STOPS),
    (
        "numeric(10, 2)",
        "numeric(8, 2)",
        12345678,
        "with more than 6 digits before the point",
        STOPS,
    ),
    ("numeric", "numeric(8, 2)", 12345678, "with more than 6 digits before the point", STOPS),
    ("bigint", "numeric(5, 0)", 123456, "with more than 5 digits before the point", STOPS),
    (
        "numeric(10, 3)",
        "numeric(10, 1)",
        "1.25",
        "with more than 1 digits behind the point",
        CHANGES,
    ),
    ("numeric(10, 2)", "integer", "1.5", "with a fraction", CHANGES),
    ("double precision", "integer", "1.5", "with a fraction", CHANGES),
    ("double precision", "real", "0.1234567891234", "with more digits than it keeps", CHANGES),
    ("bigint", "double precision", 2**53 + 1, "with more digits than it keeps", CHANGES),
    ("timestamp", "date", "2020-01-01 12:30", "with a time of day", CHANGES),
    ("timestamp", "time", "2020-01-01 12:30", "with a date", CHANGES),
    (
        "timestamp",
        "timestamp(0)",
        "2020-01-01 12:30:00.5",
        "with more than 0 digits of a second",
        CHANGES,
    ),
    ("text", "integer", "many", "that is no INTEGER", STOPS),
    ("text", "uuid", "many", "that is no UUID", STOPS),
    ("text", "jsonb", "many", "that is no JSONB", STOPS),
    ("text", "date", "many", "that is no DATE", STOPS),
    ("text", "boolean", "many", "that is no BOOLEAN", STOPS),
    ("text", "numeric(8, 2)", "many", "that is no NUMERIC", STOPS),
    ("uuid", "varchar(20)", "a" * 32, "longer than 20 characters", STOPS),
]
ON_MARIADB = [
    ("varchar(50)", "varchar(20)", LONG, "longer than 20 characters", STOPS),
    ("text", "varchar(20)", LONG, "longer than 20 characters", STOPS),
    ("text", "tinytext", "x" * 300, "longer than 255 characters", STOPS),
    ("bigint", "int", 2**40, "below -2147483648 or above 2147483647", STOPS),
    ("int", "int unsigned", -1, "below 0 or above 4294967295", STOPS),
    ("int unsigned", "int", 2**32 - 1, "below -2147483648 or above 2147483647", STOPS),
    ("int", "mediumint", 2**30, "below -8388608 or above 8388607", STOPS),
    ("numeric(10,2)", "numeric(8,2)", 12345678, "with more than 6 digits before the point", STOPS),
    ("numeric(10,2)", "int", "1.5", "with a fraction", CHANGES),
    ("double", "float", "0.1234567891234", "with more digits than it keeps", CHANGES),
    ("datetime", "date", "2020-01-01 12:30", "with a time of day", CHANGES),
    (
        "datetime(6)",
        "datetime",
        "2020-01-01 12:30:00.4",
        "with more than 0 digits of a second",
        CHANGES,
    ),
    ("enum('a','b')", "enum('a')", "b", "that is 'b'", STOPS),
    ("text", "int", "many", "that is no INTEGER", STOPS),
    ("text", "enum('a')", "many", "that is no member of the ENUM", STOPS),
]
WIDER = [
    ("varchar(20)", "varchar(50)", "postgresql"),
    ("varchar(20)", "text", "postgresql"),
    ("integer", "bigint", "postgresql"),
    ("smallint", "numeric(5, 0)", "postgresql"),
    ("integer", "double precision", "postgresql"),
    ("integer", "varchar(11)", "postgresql"),
    ("uuid", "varchar(36)", "postgresql"),
    ("numeric(8, 2)", "numeric(10, 2)", "postgresql"),
    ("numeric(8, 2)", "numeric", "postgresql"),
    ("date", "timestamp", "postgresql"),
    ("timestamp(0)", "timestamp", "postgresql"),
    ("json", "jsonb", "postgresql"),
    ("integer[]", "smallint[]", "postgresql"),  # not known
    ("geometry", "public.shape", "postgresql"),  # not known
    ("int unsigned", "bigint", "mysql"),
    ("tinyint(1)", "tinyint(4)", "mysql"),
    ("enum('a')", "enum('a','b')", "mysql"),
    ("text", "mediumtext", "mysql"),
    ("VARCHAR(50)", "VARCHAR(20)", "sqlite"),  # it enforces no lengths
    ("INTEGER", "TEXT", "sqlite"),
]


def misfit(before: str, after: str, dialect: str) -> Misfit | None:
    old, new = parse(before, dialect), parse(after, dialect)
    assert old is not None
    assert new is not None
    return narrows(old, new, dialect)


@pytest.fixture(scope="module")
def postgresql(postgresql_server) -> Iterator[psycopg.Connection]:
    with postgresql_server.database() as url:
        address = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
        with psycopg.connect(address, autocommit=True, prepare_threshold=None) as connection:
            yield connection


@pytest.fixture(scope="module")
def mariadb(mariadb_server) -> Iterator[Any]:
    with mariadb_server.database() as url:
        at = make_url(url)
        connection = pymysql.connect(
            host=at.host,
            port=at.port,
            user=at.username,
            password=at.password,
            database=at.database,
            autocommit=True,
        )
        yield connection.cursor()
        connection.close()


@pytest.mark.parametrize(("before", "after", "value", "which", "changed"), ON_POSTGRESQL)
def test_on_postgresql(postgresql, before, after, value, which, changed):
    assert misfit(before, after, "postgresql") == Misfit(which, changed=changed)
    postgresql.execute("DROP TABLE IF EXISTS things")
    postgresql.execute(f"CREATE TABLE things (it {before})")
    postgresql.execute("INSERT INTO things VALUES (%s)", (str(value),))
    using = f"USING it::{after}" if before == "text" and "varchar" not in after else ""
    alter = f"ALTER TABLE things ALTER it TYPE {after} {using}"
    if changed:
        old = postgresql.execute("SELECT it::text FROM things").fetchone()
        postgresql.execute(alter)
        back = "" if after == "time" else f"::{before}"  # a time is no timestamp again
        assert postgresql.execute(f"SELECT it{back}::text FROM things").fetchone() != old
    else:
        with pytest.raises(psycopg.errors.DataError):
            postgresql.execute(alter)


@pytest.mark.parametrize(("before", "after", "value", "which", "changed"), ON_MARIADB)
def test_on_mariadb(mariadb, before, after, value, which, changed):
    assert misfit(before, after, "mariadb") == Misfit(which, changed=changed)
    mariadb.execute("DROP TABLE IF EXISTS things")
    mariadb.execute(f"CREATE TABLE things (it {before})")
    mariadb.execute("INSERT INTO things VALUES (%s)", (value,))
    alter = f"ALTER TABLE things MODIFY it {after}"
    if changed:
        mariadb.execute("SELECT it FROM things")
        old = mariadb.fetchone()
        mariadb.execute(alter)
        mariadb.execute("SELECT it FROM things")
        assert mariadb.fetchone() != old
    else:
        with pytest.raises(pymysql.err.MySQLError):
            mariadb.execute(alter)


@pytest.mark.parametrize(("before", "after", "dialect"), WIDER)
def test_what_only_widens_or_is_not_known_is_no_misfit(before, after, dialect):
    assert misfit(before, after, dialect) is None


def test_sqlite_makes_a_number_of_any_text():
    assert misfit("TEXT", "INTEGER", "sqlite") == Misfit("that is no INTEGER", changed=True)


TYPES = st.one_of(
    st.builds(ColumnType, st.sampled_from(["text", "integer", "bigint", "smallint", "date"])),
    st.builds(
        lambda name, length: ColumnType(name, (str(length),)),
        st.sampled_from(["varchar", "char", "timestamp"]),
        st.integers(1, 300),
    ),
    st.builds(
        lambda precision, scale: ColumnType("numeric", (str(precision + scale), str(scale))),
        st.integers(1, 20),
        st.integers(0, 5),
    ),
)


@given(TYPES)
def test_no_type_is_narrower_than_itself(column):
    for dialect in ("postgresql", "mysql", "sqlite"):
        assert narrows(column, column, dialect) is None


@given(TYPES, TYPES, TYPES)
def test_a_step_that_loses_nothing_adds_nothing(first, second, third):
    """Where a widening comes before, what is said is the same or less than without it."""
    if narrows(first, second, "postgresql") is None and first.name == second.name == third.name:
        direct = narrows(first, third, "postgresql")
        assert direct is None or narrows(second, third, "postgresql") is not None
