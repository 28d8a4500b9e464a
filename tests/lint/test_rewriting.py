"""What is claimed of PostgreSQL's rewriting, observed: a rewritten table has a new file."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest
from sqlalchemy import make_url

from alembic_migrate.lint.columntypes import parse
from alembic_migrate.lint.rewriting import converts, rewrites

# From, to, what is claimed.
PAIRS = [
    ("varchar(20)", "varchar(50)", "none"),
    ("varchar(20)", "varchar", "none"),
    ("varchar(20)", "text", "none"),
    ("varchar", "text", "none"),
    ("text", "varchar", "none"),
    ("varchar(20)", "varchar(20)", "none"),
    ("varchar(50)", "varchar(20)", "whole"),
    ("varchar", "varchar(20)", "whole"),
    ("text", "varchar(20)", "whole"),
    ("char(10)", "char(20)", "whole"),
    ("char(10)", "varchar(10)", "whole"),
    ("char(10)", "text", "whole"),
    ("varchar(10)", "char(10)", "whole"),
    ("numeric(10, 2)", "numeric(12, 2)", "none"),
    ("numeric(10, 2)", "numeric", "none"),
    ("numeric(10, 2)", "numeric(12, 3)", "whole"),
    ("numeric(10, 2)", "numeric(8, 2)", "whole"),
    ("numeric(10)", "numeric(12)", "none"),
    ("numeric", "numeric(10, 2)", "whole"),
    ("integer", "bigint", "whole"),
    ("smallint", "integer", "whole"),
    ("bigint", "integer", "whole"),
    ("integer", "numeric(10, 0)", "whole"),
    ("integer", "text", "whole"),
    ("real", "double precision", "whole"),
    ("float(20)", "real", "none"),
    ("float(30)", "double precision", "none"),
    ("integer", "oid", "none"),
    ("oid", "integer", "none"),
    ("oid", "bigint", "whole"),
    ("bit varying(8)", "bit(8)", "whole"),
    ("bit(8)", "bit(16)", "whole"),
    ("bit varying(8)", "bit varying(16)", "none"),
    ("bit varying(8)", "bit varying", "none"),
    ("bit(8)", "bit varying", "none"),
    ("bit(8)", "bit varying(8)", "whole"),
    ("cidr", "inet", "none"),
    ("inet", "cidr", "whole"),
    ("xml", "text", "none"),
    ("json", "jsonb", "whole"),
    ("jsonb", "json", "whole"),
    ("timestamp(3)", "timestamp(6)", "none"),
    ("timestamp(3)", "timestamp", "none"),
    ("timestamp", "timestamp(3)", "whole"),
    ("timestamp(3) with time zone", "timestamp with time zone", "none"),
    ("time(3)", "time", "none"),
    ("time", "time(3)", "whole"),
    ("time(3) with time zone", "time with time zone", "none"),
    ("interval(3)", "interval", "none"),
    ("interval", "interval(3)", "whole"),
    ("timestamp", "timestamp with time zone", "in UTC none"),
    ("timestamp with time zone", "timestamp", "in UTC none"),
    ("timestamp", "timestamp(3) with time zone", "whole"),
    ("timestamp(3)", "timestamp(3) with time zone", "whole"),
    ("timestamp", "date", "whole"),
    ("date", "timestamp", "whole"),
    ("integer[]", "integer[]", "none"),
    ("varchar(20)[]", "varchar(50)[]", "whole"),
    ("varchar(20)[]", "text[]", "whole"),
    ("integer[]", "bigint[]", "whole"),
]


@pytest.fixture(scope="module")
def server(postgresql_server) -> Iterator[psycopg.Connection]:
    with postgresql_server.database() as url:
        address = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
        with psycopg.connect(address, autocommit=True) as connection:
            yield connection


def rewritten(server, before: str, after: str, zone: str, using: str = "") -> bool:
    """Change a column's type on the server, and tell whether its table got another file."""
    server.execute(f"SET TimeZone = '{zone}'")
    server.execute("DROP TABLE IF EXISTS things")
    server.execute(f"CREATE TABLE things (it {before})")
    server.execute("INSERT INTO things VALUES (NULL)")
    file = "SELECT pg_relation_filenode('things')"
    old = server.execute(file).fetchone()
    server.execute(f"ALTER TABLE things ALTER it TYPE {after} {using}")
    return server.execute(file).fetchone() != old


@pytest.mark.parametrize(("before", "after", "claim"), PAIRS)
def test_what_is_claimed_is_what_the_server_does(server, before, after, claim):
    old, new = parse(before, "postgresql"), parse(after, "postgresql")
    assert old is not None
    assert new is not None
    assert rewrites(old, new) == claim
    observed = [rewritten(server, before, after, zone) for zone in ("Europe/Berlin", "UTC")]
    expected = {"none": [False, False], "in UTC none": [True, False], "whole": [True, True]}
    assert observed == expected[claim]


@pytest.mark.parametrize(
    ("using", "claim"),
    [
        ("it::text", False),
        ('"it"::text', False),
        ("CAST(it AS text)", False),
        ("it", False),
        ("lower(it)", True),
        ("it || ''", True),
    ],
)
def test_an_expression_that_is_more_than_a_cast_rewrites(server, using, claim):
    assert converts(using, "it") is claim
    assert rewritten(server, "varchar(20)", "text", "UTC", f"USING {using}") is claim
