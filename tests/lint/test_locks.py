"""What is claimed of PostgreSQL's locks and of its functions, observed on a server."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest
from sqlalchemy import make_url

from alembic_migrate.lint.rules.volatile_default import STEADY, VOLATILE

# Statement, the strongest lock on its tables, whether the table is written anew.
CLAIMS = [
    ("CREATE INDEX ix ON things (a)", "Share", False),
    ("DROP INDEX ix_b", "AccessExclusive", False),
    ("ALTER TABLE things ALTER a SET NOT NULL", "AccessExclusive", False),
    ("ALTER TABLE things ADD CHECK (b > 0)", "AccessExclusive", False),
    ("ALTER TABLE others ADD FOREIGN KEY (t) REFERENCES things", "ShareRowExclusive", False),
    ("ALTER TABLE things ADD UNIQUE (a)", "AccessExclusive", False),
    ("ALTER TABLE others ADD PRIMARY KEY (id)", "AccessExclusive", False),
    ("ALTER TABLE things ADD EXCLUDE USING btree (b WITH =)", "AccessExclusive", False),
    ("ALTER TABLE things VALIDATE CONSTRAINT ck", "ShareUpdateExclusive", False),
    ("ALTER TABLE others VALIDATE CONSTRAINT fk", "ShareUpdateExclusive", False),
    ("ALTER TABLE things ADD c uuid DEFAULT gen_random_uuid()", "AccessExclusive", True),
    ("ALTER TABLE things ADD c float DEFAULT random()", "AccessExclusive", True),
    ("ALTER TABLE things ADD c timestamptz DEFAULT clock_timestamp()", "AccessExclusive", True),
    ("ALTER TABLE things ADD c serial", "AccessExclusive", True),
    ("ALTER TABLE things ADD c int GENERATED ALWAYS AS IDENTITY", "AccessExclusive", True),
    ("ALTER TABLE things ADD c int GENERATED ALWAYS AS (b) STORED", "AccessExclusive", True),
    ("ALTER TABLE things ADD c timestamptz DEFAULT now()", "AccessExclusive", False),
    ("ALTER TABLE things ADD c int NOT NULL DEFAULT 3", "AccessExclusive", False),
    ("ALTER TABLE things ADD c int", "AccessExclusive", False),
    ("CLUSTER things USING things_pkey", "AccessExclusive", True),
    ("REINDEX TABLE things", "Share", False),
]
TABLES = """
    DROP TABLE IF EXISTS others, things;
    CREATE TABLE things (id int PRIMARY KEY, a varchar(20), b int);
    INSERT INTO things VALUES (1, 'a', 1);
    CREATE INDEX ix_b ON things (b);
    ALTER TABLE things ADD CONSTRAINT ck CHECK (b > 0) NOT VALID;
    CREATE TABLE others (id int, t int);
    ALTER TABLE others ADD CONSTRAINT fk FOREIGN KEY (t) REFERENCES things NOT VALID;
    """
STRENGTH = [
    "AccessShare",
    "RowShare",
    "RowExclusive",
    "ShareUpdateExclusive",
    "Share",
    "ShareRowExclusive",
    "Exclusive",
    "AccessExclusive",
]


@pytest.fixture(scope="module")
def address(postgresql_server) -> Iterator[str]:
    with postgresql_server.database() as url:
        yield make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)


@pytest.fixture
def connection(address: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(TABLES)
        connection.autocommit = False
        yield connection
        connection.rollback()


def locks(connection: psycopg.Connection, table: str = "") -> set[str]:
    """Return the locks that a connection's transaction has on a table, or on the two."""
    rows = connection.execute(
        "SELECT mode FROM pg_locks WHERE pid = pg_backend_pid() AND relation = ANY("
        "ARRAY[to_regclass(%s), to_regclass(%s)]::oid[])",
        (table or "things", table or "others"),
    )
    return {mode.removesuffix("Lock") for (mode,) in rows}


@pytest.mark.parametrize(("statement", "lock", "anew"), CLAIMS)
def test_locks_and_rewriting_are_as_the_rules_say(connection, statement, lock, anew):
    file = "SELECT pg_relation_filenode('things')"
    before = connection.execute(file).fetchone()
    connection.execute(statement)
    assert max(locks(connection), key=STRENGTH.index) == lock
    assert (connection.execute(file).fetchone() != before) is anew


def test_a_foreign_key_locks_the_other_table_as_well(connection):
    connection.execute("ALTER TABLE others ADD FOREIGN KEY (t) REFERENCES things NOT VALID")
    assert "ShareRowExclusive" in locks(connection, "things")
    assert "ShareRowExclusive" in locks(connection, "others")


def test_a_check_that_is_valid_spares_set_not_null_the_reading(connection):
    connection.execute("ALTER TABLE things ADD CHECK (a IS NOT NULL)")
    notices: list[str] = []
    connection.add_notice_handler(lambda notice: notices.append(notice.message_primary or ""))
    connection.execute("SET LOCAL client_min_messages = debug1")
    connection.execute("ALTER TABLE things ALTER a SET NOT NULL")
    proof = 'existing constraints on column "things.a" are sufficient to prove that it does not'
    assert [each for each in notices if each.startswith(proof)]


def test_a_lock_is_kept_while_a_constraint_is_validated_in_its_transaction(connection):
    connection.execute("ALTER TABLE things ADD CONSTRAINT ck2 CHECK (b < 9) NOT VALID")
    connection.execute("ALTER TABLE things VALIDATE CONSTRAINT ck2")
    assert "AccessExclusive" in locks(connection, "things")


def test_concurrently_is_refused_inside_of_a_transaction(connection):
    with pytest.raises(psycopg.errors.ActiveSqlTransaction):
        connection.execute("CREATE INDEX CONCURRENTLY ix ON things (a)")


def test_the_functions_are_as_volatile_as_the_server_says(connection):
    rows = connection.execute(
        "SELECT proname, array_agg(DISTINCT provolatile::text) FROM pg_proc "
        "WHERE proname = ANY(%s) AND pronamespace = 'pg_catalog'::regnamespace GROUP BY proname",
        ([*VOLATILE, *STEADY],),
    )
    known = dict(rows.fetchall())
    extensions = {"gen_random_bytes", "gen_salt", "uuid_generate_v1", "uuid_generate_v1mc"}
    assert known.keys() >= {*VOLATILE, *STEADY} - extensions - {"uuid_generate_v4"}
    for name, volatilities in known.items():
        assert ("v" in volatilities) is (name in VOLATILE), name
