"""A catalogue that is followed through many changes is what reading all of it anew gives."""

from __future__ import annotations

import pytest
import sqlalchemy
from sqlalchemy.pool import NullPool

from alembic_migrate.databases.catalogue.following import Follower
from alembic_migrate.databases.catalogue.reading import read_catalogue
from tests.databases.test_catalogue import CHANGES, POSTGRESQL_OTHERWISE, STATEMENTS

# Each is told of another object than the one that it changes, or leaves its table's own row alone.
ELSEWHERE = (
    "CREATE TABLE author (id serial PRIMARY KEY, name text UNIQUE)",
    "CREATE TABLE book (id integer PRIMARY KEY, author integer REFERENCES author, note text)",
    "CREATE TABLE other (n integer, CHECK (n > 0))",
    "INSERT INTO author (name) VALUES ('x')",
    "ALTER TABLE author RENAME id TO number",
    "ALTER TABLE author RENAME TO writer",
    "ALTER TABLE book RENAME CONSTRAINT book_author_fkey TO fk_writer",
    "CREATE INDEX ix_note ON book (note)",
    "ALTER INDEX ix_note RENAME TO ix_remark",
    "COMMENT ON COLUMN book.note IS 'a remark'",
    "COMMENT ON TABLE book IS 'books'",
    "COMMENT ON TABLE book IS NULL",
    "ALTER SEQUENCE author_id_seq RENAME TO numbers",
    "ALTER TABLE other ALTER n SET DEFAULT nextval('numbers')",
    "ALTER SEQUENCE numbers RENAME TO digits",
    "ALTER SEQUENCE digits OWNED BY other.n",
    "ALTER SEQUENCE digits OWNED BY NONE",
    "ALTER SEQUENCE digits INCREMENT 7",
    "ALTER TABLE book DROP CONSTRAINT fk_writer",
    "SAVEPOINT one; ALTER TABLE book ADD gone text; ROLLBACK TO one",
    "ALTER TABLE book ADD mood integer DEFAULT 1",
    "ALTER TABLE book ALTER mood DROP DEFAULT",
    "CREATE TYPE moods AS ENUM ('good')",
    "ALTER TABLE book ADD feeling moods",
    "ALTER TYPE moods RENAME TO feelings",
    "ALTER TYPE feelings RENAME VALUE 'good' TO 'fine'",
    "CREATE DOMAIN positive AS integer CHECK (VALUE > 0)",
    "ALTER DOMAIN positive SET NOT NULL",
    "CREATE TABLE event (day date, n integer) PARTITION BY RANGE (day)",
    "CREATE TABLE event_1 PARTITION OF event FOR VALUES FROM ('2020-01-01') TO ('2021-01-01')",
    "ALTER TABLE event ADD CONSTRAINT few CHECK (n > 0)",
    "ALTER TABLE event RENAME n TO m",
    "ALTER TABLE event DETACH PARTITION event_1",
    "CREATE SCHEMA archive",
    "ALTER TABLE other SET SCHEMA archive",
    "ALTER SCHEMA archive RENAME TO attic",
    "SET search_path TO attic, public",
    "RESET search_path",
    "DROP TABLE writer CASCADE",
    "ALTER TABLE book ENABLE ROW LEVEL SECURITY",
    "CREATE POLICY own ON book USING (id IN (SELECT n FROM attic.other))",
    "ALTER TABLE attic.other RENAME n TO m",
    "DROP POLICY own ON book",
    "CREATE RULE quiet AS ON DELETE TO book DO INSTEAD DELETE FROM attic.other WHERE m = 1",
    "ALTER TABLE attic.other RENAME m TO n",
    "DROP RULE quiet ON book",
    "CREATE VIEW ids AS SELECT n FROM attic.other",
    "ALTER TABLE attic.other RENAME n TO m",
    "CREATE OR REPLACE VIEW ids AS SELECT m AS n FROM attic.other WHERE m > 1",
    "DROP VIEW ids",
    "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
    "CREATE TRIGGER watch BEFORE UPDATE ON book FOR EACH ROW EXECUTE FUNCTION f()",
    "ALTER FUNCTION f() RENAME TO g",
    "ALTER TABLE book DISABLE TRIGGER watch",
    "DROP FUNCTION g() CASCADE",
    "CREATE TABLE copies (LIKE book INCLUDING ALL)",
    "DROP TABLE copies",
    "DROP TABLE book, attic.other, event, event_1",
)


@pytest.mark.parametrize("one_transaction", [True, False])
@pytest.mark.parametrize(
    "statements",
    [
        pytest.param(ELSEWHERE, id="told elsewhere"),
        pytest.param((*STATEMENTS["postgresql"], *CHANGES["postgresql"]), id="changes"),
        pytest.param(POSTGRESQL_OTHERWISE, id="otherwise"),
    ],
)
def test_what_is_followed_is_what_is_there(postgresql_url, statements, one_transaction):
    engine = sqlalchemy.create_engine(postgresql_url, poolclass=NullPool)
    follower = Follower()
    with engine.connect() as connection:
        for statement in statements:
            for part in statement.split("; ") if "SAVEPOINT" in statement else (statement,):
                connection.exec_driver_sql(part)
            if not one_transaction:
                connection.commit()
            wanted = read_catalogue(connection, everything=True)
            assert follower.read(connection).items == wanted.items, statement
            assert follower.read(connection).items == wanted.items, statement


def test_tables_that_nobody_changed_are_not_read_again(postgresql_url):
    engine = sqlalchemy.create_engine(postgresql_url, poolclass=NullPool)
    follower = Follower()
    asked: list[object] = []

    @sqlalchemy.event.listens_for(engine, "before_cursor_execute")
    def note(_connection, _cursor, _statement, parameters, *_rest):
        asked.extend(parameters.values() if isinstance(parameters, dict) else parameters)

    with engine.connect() as connection:
        for name in ("one", "two"):
            connection.exec_driver_sql(f"CREATE TABLE {name} (id serial PRIMARY KEY)")
        follower.read(connection)
        connection.exec_driver_sql("ALTER TABLE two ADD n integer")
        (changed,) = connection.exec_driver_sql("SELECT 'two'::regclass::oid").one()
        del asked[:]
        assert ("column", None, "two", "n") in follower.read(connection).items
    assert asked
    assert all(each == [changed] for each in asked), asked
