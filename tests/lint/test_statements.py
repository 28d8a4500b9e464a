"""SQL that is read as the operations it amounts to."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alembic_migrate.lint.operations import Column
from alembic_migrate.lint.sqltext import split, tokens
from alembic_migrate.lint.statements import reading
from alembic_migrate.lint.words import Words


def read(sql: str, dialect: str = "postgresql") -> list[dict[str, Any]]:
    """Return the fields of the operations in a text, those that say something."""
    found = (facts for text, words in split(sql, dialect) for facts in reading(Words(words, text)))
    return [{key: value for key, value in facts.items() if value} for facts in found]


def made(*names: str, **more: Any) -> tuple[Column, ...]:
    return tuple(Column(name, **more) for name in names)


ONE = [
    ("drop table if exists a", {"kind": "drop table", "if_exists": True, "table": "a"}),
    ('DROP TABLE "s"."A b"', {"kind": "drop table", "schema": "s", "table": "A b"}),
    ("DROP SCHEMA app CASCADE", {"kind": "drop schema", "name": "app"}),
    ("DROP DATABASE app", {"kind": "drop schema", "name": "app"}),
    ("DROP VIEW v", {"kind": "ddl"}),
    (
        "DROP INDEX CONCURRENTLY s.ix",
        {"kind": "drop index", "concurrently": True, "name": "ix", "schema": "s"},
    ),
    ("TRUNCATE TABLE ONLY a CASCADE", {"kind": "empty", "table": "a"}),
    ("DELETE FROM a", {"kind": "empty", "table": "a"}),
    ("DELETE FROM a -- WHERE x", {"kind": "empty", "table": "a"}),
    ("DELETE FROM a WHERE b = 1", {"kind": "delete", "table": "a"}),
    ("DELETE FROM a USING (SELECT 1 WHERE true) b", {"kind": "empty", "table": "a"}),
    ("INSERT INTO s.a VALUES (1)", {"kind": "insert", "schema": "s", "table": "a"}),
    (
        "UPDATE a SET b = (SELECT c = d FROM e), f = 1 WHERE g = 2",
        {"kind": "update", "table": "a", "columns": made("b", "f")},
    ),
    ("SELECT 'DROP TABLE a'", {"kind": "execute"}),
    ("/* DROP TABLE a */ SELECT 1", {"kind": "execute"}),
    ("DO $$ BEGIN DELETE FROM a; END $$", {"kind": "execute"}),
    ("WITH x AS (SELECT 1) SELECT 2", {"kind": "execute"}),
    ("CREATE VIEW v AS SELECT 1", {"kind": "create view", "table": "v"}),
    ("CREATE TYPE mood AS ENUM ('sad')", {"kind": "ddl"}),
    ("GRANT SELECT ON a TO b", {"kind": "ddl"}),
    (
        "CREATE UNLOGGED TABLE IF NOT EXISTS s.a (id int)",
        {"kind": "create table", "if_exists": True, "schema": "s", "table": "a"},
    ),
    (
        "CREATE UNIQUE INDEX CONCURRENTLY ix ON ONLY a USING btree (lower(b), c DESC) WHERE d",
        {
            "kind": "create index",
            "unique": True,
            "concurrently": True,
            "name": "ix",
            "table": "a",
            "columns": made("lower(b)", "c"),
        },
    ),
    ("CREATE INDEX ON a (b)", {"kind": "create index", "table": "a", "columns": made("b")}),
    (
        "ALTER TABLE a ADD COLUMN b numeric(10, 2) NOT NULL DEFAULT 1 + 1",
        {
            "kind": "add column",
            "table": "a",
            "columns": made("b", type="numeric(10, 2)", nullable=False, default="1 + 1"),
        },
    ),
    (
        "ALTER TABLE a ADD b int GENERATED ALWAYS AS IDENTITY",
        {
            "kind": "add column",
            "table": "a",
            "columns": made("b", type="int", nullable=True, generated=True),
        },
    ),
    (
        "ALTER TABLE a ADD b int REFERENCES s.c (id) ON DELETE CASCADE",
        {
            "kind": "add column",
            "table": "a",
            "columns": made("b", type="int", nullable=True, references=("s.c",)),
        },
    ),
    (
        "ALTER TABLE a ADD CONSTRAINT ck CHECK (b IS NOT NULL) NOT VALID",
        {
            "kind": "add constraint",
            "table": "a",
            "name": "ck",
            "constraint": "check",
            "not_valid": True,
        },
    ),
    (
        "ALTER TABLE a ADD FOREIGN KEY (b) REFERENCES s.c (id)",
        {
            "kind": "add constraint",
            "table": "a",
            "constraint": "foreign key",
            "columns": made("b"),
            "references": "s.c",
        },
    ),
    (
        "ALTER TABLE a ADD CONSTRAINT uq UNIQUE USING INDEX ix",
        {
            "kind": "add constraint",
            "table": "a",
            "name": "uq",
            "constraint": "unique",
            "using": "ix",
        },
    ),
    (
        "ALTER TABLE a VALIDATE CONSTRAINT ck",
        {"kind": "validate constraint", "table": "a", "name": "ck"},
    ),
    (
        "ALTER TABLE a ALTER b TYPE text USING b::text",
        {
            "kind": "alter column",
            "table": "a",
            "columns": made("b", type="text"),
            "using": "b::text",
        },
    ),
    (
        "ALTER TABLE a ALTER COLUMN b SET NOT NULL",
        {"kind": "alter column", "table": "a", "columns": made("b", nullable=False)},
    ),
    (
        "ALTER TABLE a RENAME b TO c",
        {"kind": "alter column", "table": "a", "columns": made("b"), "new_name": "c"},
    ),
    ("ALTER TABLE a RENAME TO c", {"kind": "rename table", "table": "a", "new_name": "c"}),
    (
        "ALTER TABLE s.a SET SCHEMA b",
        {"kind": "rename table", "schema": "s", "table": "a", "new_name": "b.a"},
    ),
    ("ALTER TABLE a SET UNLOGGED", {"kind": "ddl", "table": "a"}),
    ("ALTER TABLE a DROP b", {"kind": "drop column", "table": "a", "columns": made("b")}),
]
ON_MYSQL = [
    (
        "ALTER TABLE `a` MODIFY b varchar(9) CHARACTER SET latin1 NOT NULL COMMENT 'it\\'s'",
        {
            "kind": "alter column",
            "table": "a",
            "columns": made("b", type="varchar(9) CHARACTER SET latin1", nullable=False),
        },
    ),
    (
        "ALTER TABLE a CHANGE b c int unsigned",
        {
            "kind": "alter column",
            "table": "a",
            "columns": made("c", type="int unsigned", nullable=True),
            "before": Column("b"),
            "new_name": "c",
        },
    ),
    (
        "ALTER TABLE a DROP PRIMARY KEY",
        {"kind": "drop constraint", "table": "a", "constraint": "primary key"},
    ),
    (
        "ALTER TABLE a DROP FOREIGN KEY fk",
        {"kind": "drop constraint", "table": "a", "constraint": "foreign key", "name": "fk"},
    ),
    ("ALTER TABLE a DROP INDEX ix", {"kind": "drop index", "table": "a", "name": "ix"}),
    ("DELETE FROM a # WHERE b", {"kind": "empty", "table": "a"}),
]
SEVERAL = [
    ("DROP TABLE a, s.b", ["drop table", "drop table"]),
    ("DELETE FROM a; DROP TABLE a;", ["empty", "drop table"]),
    ("WITH x AS (DELETE FROM a RETURNING *) INSERT INTO b SELECT * FROM x", ["insert", "empty"]),
    (
        "ALTER TABLE a ADD b int DEFAULT coalesce(1, 2), DROP c, ADD CHECK (d IN (1, 2))",
        ["add column", "drop column", "add constraint"],
    ),
    ("CREATE OR REPLACE TABLE a (id int)", ["drop table", "create table"]),
    ("RENAME TABLE a TO b, c TO d", ["rename table", "rename table"]),
    (
        (
            "CREATE TRIGGER t BEFORE INSERT ON a FOR EACH ROW BEGIN "
            "IF x THEN DELETE FROM b; END IF; SET y = CASE WHEN 1 THEN 2 END; END; DROP TABLE c"
        ),
        ["ddl", "drop table"],
    ),
]


@pytest.mark.parametrize(("sql", "facts"), ONE)
def test_a_statement_is_an_operation(sql, facts):
    assert read(sql) == [facts]


@pytest.mark.parametrize(("sql", "facts"), ON_MYSQL)
def test_mysql_writes_some_of_them_its_own_way(sql, facts):
    assert read(sql, "mysql") == [facts]


@pytest.mark.parametrize(("sql", "kinds"), SEVERAL)
def test_one_text_may_be_several_operations(sql, kinds):
    assert [facts["kind"] for facts in read(sql)] == kinds


PARTS = st.sampled_from(
    [
        *("ALTER", "TABLE", "a", "ADD", "DROP", "COLUMN", "CONSTRAINT", "CHECK", "CREATE", "INDEX"),
        *("ON", "SET", "NOT", "NULL", "TYPE", "USING", "RENAME", "TO", "WITH", "DELETE", "FROM"),
        *("WHERE", "INSERT", "INTO", "UPDATE", "MODIFY", "CHANGE", "ONLY", "SELECT", "BEGIN"),
        *(
            "(",
            ")",
            ",",
            ";",
            "'",
            '"',
            "`",
            "$$",
            "--",
            "/*",
            "*/",
            "\n",
            "=",
            "1",
            "::",
            ".",
            "*",
        ),
    ]
)


@given(st.lists(PARTS, max_size=25).map(" ".join), st.sampled_from(["postgresql", "mysql"]))
def test_no_text_breaks_the_reader(sql, dialect):
    for facts in read(sql, dialect):
        assert facts["kind"]


@given(st.text(max_size=60), st.sampled_from(["postgresql", "mysql", "sqlite"]))
def test_tokens_are_parts_of_the_text_in_order(sql, dialect):
    at = 0
    for token in tokens(sql, dialect):
        assert token.start >= at
        assert sql[token.start : token.end] == token.text
        at = token.end


@given(st.text(alphabet="ab';-\"", max_size=20))
def test_nothing_in_a_string_is_a_statement(text):
    literal = "'" + text.replace("'", "''") + "'"
    assert read(f"SELECT {literal}; DROP TABLE a") == [
        {"kind": "execute"},
        {"kind": "drop table", "table": "a"},
    ]
