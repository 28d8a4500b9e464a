"""What is claimed of copied tables, asked of a MariaDB server: it refuses another ALGORITHM."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import make_url

from alembic_migrate.lint.copying import copies
from alembic_migrate.lint.operations import Captured, Column, Operation
from alembic_migrate.lint.statements import understood

TABLE = (
    "CREATE TABLE things (id int PRIMARY KEY, a varchar(20), w varchar(40), l varchar(100), b int,"
    " e enum('a','b'), n numeric(10,2), at datetime, c char(10), t text, g bigint,"
    " s smallint unsigned, v varchar(200) CHARACTER SET latin1) CHARACTER SET utf8mb4"
)
TYPES = {
    "a": "varchar(20)",
    "w": "varchar(40)",
    "l": "varchar(100)",
    "b": "int",
    "e": "enum('a','b')",
    "n": "numeric(10,2)",
    "at": "datetime",
    "c": "char(10)",
    "t": "text",
    "g": "bigint",
    "s": "smallint unsigned",
    "v": "varchar(200) CHARACTER SET latin1",
}
COPIED = [
    "MODIFY a varchar(10)",
    "MODIFY w varchar(100)",
    "MODIFY l varchar(50)",
    "MODIFY v varchar(300) CHARACTER SET latin1",
    "MODIFY a text",
    "MODIFY a varchar(20) CHARACTER SET latin1",
    "MODIFY t mediumtext",
    "MODIFY t varchar(100)",
    "MODIFY b bigint",
    "MODIFY b int unsigned",
    "MODIFY s int unsigned",
    "MODIFY g int",
    "MODIFY e enum('a','c','b')",
    "MODIFY e enum('a')",
    "MODIFY n numeric(12,2)",
    "MODIFY n numeric(12,3)",
    "MODIFY at datetime(6)",
    "MODIFY at timestamp NULL",
    "MODIFY c char(20)",
    "MODIFY c varchar(10)",
    "ADD x int AS (b + 1) STORED",
    "DROP PRIMARY KEY",
    "ADD CONSTRAINT ck CHECK (b > 0)",
    "ADD CONSTRAINT fk FOREIGN KEY (b) REFERENCES others (id)",
    "CONVERT TO CHARACTER SET latin1",
]
NOT_COPIED = [
    "MODIFY a varchar(50)",
    "MODIFY a varchar(100)",  # MariaDB's own: it was shorter than 128 bytes
    "MODIFY w varchar(60)",
    "MODIFY l varchar(200)",
    "MODIFY v varchar(250) CHARACTER SET latin1",
    "MODIFY b int(5)",
    "MODIFY b int NOT NULL",
    "MODIFY b int DEFAULT 4",
    "MODIFY e enum('a','b','c')",
    "CHANGE b d int",
    "RENAME COLUMN b TO d",
    "ALTER b SET DEFAULT 3",
    "ADD x int",
    "ADD x int NOT NULL",
    "ADD x datetime DEFAULT now()",
    "ADD x int AS (b + 1) VIRTUAL",
    "DROP COLUMN b",
    "DROP PRIMARY KEY, ADD PRIMARY KEY (id, a)",
    "ADD INDEX (b)",
    "ADD UNIQUE (b)",
    "RENAME TO items",
]
_NOT_SUPPORTED = {1845, 1846}  # ALGORITHM=INPLACE is not supported; the latter says why


@pytest.fixture(scope="module")
def cursor(mariadb_server) -> Iterator[Any]:
    import pymysql

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


def judged(action: str, dialect: str) -> list[str]:
    """Return why an ALTER of the table copies it; the old types are known."""
    sql = f"ALTER TABLE things {action}"
    operation = Operation("execute", "execute", Path("a1.py"), 1, sql=(sql,))
    revision = Captured("a1", "", Path("a1.py"), (), dialect, False, (operation,), None, (sql,))
    reasons = []
    for each in understood(revision).upgrade:
        name = each.before.name if each.before else (each.columns or (Column(""),))[0].name
        known = replace(each, before=Column(name, type=TYPES.get(name)))
        reasons += [because for because in [copies(known, dialect)] if because]
    return reasons


def is_copied(cursor: Any, action: str) -> bool:
    """Ask the server: it refuses ALGORITHM=INPLACE where it has to copy."""
    import pymysql

    for statement in (
        "DROP TABLE IF EXISTS things, items, others",
        "CREATE TABLE others (id int PRIMARY KEY)",
        TABLE,
    ):
        cursor.execute(statement)
    try:
        cursor.execute(f"ALTER TABLE things {action}, ALGORITHM=INPLACE")
    except pymysql.err.OperationalError as refused:
        if refused.args[0] not in _NOT_SUPPORTED:
            raise
        return True
    return False


@pytest.mark.parametrize("action", COPIED)
def test_what_is_said_to_be_copied_is_copied(cursor, action):
    assert is_copied(cursor, action)
    assert len(judged(action, "mariadb")) == 1


@pytest.mark.parametrize("action", NOT_COPIED)
def test_what_is_not_said_to_be_copied_is_not(cursor, action):
    assert not is_copied(cursor, action)
    assert judged(action, "mariadb") == []


def test_mysql_copies_where_a_varchar_needs_another_byte_for_its_length():
    because = ["a becomes varchar(100) where it was varchar(20)"]
    assert judged("MODIFY a varchar(100)", "mysql") == because
    assert judged("MODIFY a varchar(63)", "mysql") == []
    assert judged("MODIFY l varchar(200)", "mysql") == []


def test_a_foreign_key_is_added_in_place_where_rows_are_not_checked(cursor):
    cursor.execute("SET foreign_key_checks = 0")
    try:
        fk = "ADD CONSTRAINT fk FOREIGN KEY (b) REFERENCES others (id)"
        assert not is_copied(cursor, f"{fk}, LOCK=NONE")
        assert judged(f"{fk}, ALGORITHM=INPLACE, LOCK=NONE", "mariadb") == []
    finally:
        cursor.execute("SET foreign_key_checks = 1")


def test_writes_wait_while_a_table_is_copied(cursor):
    """A copy allows no less than a shared lock."""
    import pymysql

    cursor.execute("DROP TABLE IF EXISTS things")
    cursor.execute(TABLE)
    with pytest.raises(pymysql.err.OperationalError, match="LOCK=NONE is not supported"):
        cursor.execute("ALTER TABLE things MODIFY b bigint, LOCK=NONE")
