"""The catalogue of MySQL and MariaDB: what ``information_schema`` says of one database."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from sqlalchemy import text

from alembic_migrate.databases.catalogue.items import Item

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sqlalchemy.engine import Connection

_GENERATED = re.compile(r".*_(?:ibfk|chk)_\d+|CONSTRAINT_\d+")


def items(connection: Connection) -> Iterator[Item]:
    """Yield what a database of MySQL's or MariaDB's holds."""
    reader = _Reader(connection)
    yield from reader.tables()
    yield from reader.columns()
    yield from reader.indexes()
    yield from reader.foreign_keys()
    yield from reader.checks()
    yield from reader.programs()


class _Reader:
    """Reads one database, and tells it in the same words whatever it is called."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        [own] = self._rows(
            "SELECT SCHEMA_NAME, DEFAULT_COLLATION_NAME FROM information_schema.SCHEMATA "
            "WHERE SCHEMA_NAME = DATABASE()"
        )
        self._name = str(own["schema_name"])
        self._collation = own["default_collation_name"]
        self._collations: dict[str, str | None] = {}

    def tables(self) -> Iterator[Item]:
        for row in self._rows(
            "SELECT * FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE()"
        ):
            name, kind = row["table_name"], row["table_type"]
            if kind == "BASE TABLE":
                collation = row["table_collation"]
                self._collations[name] = collation
                facts = {
                    "comment": row["table_comment"] or None,
                    "engine": row["engine"],
                    "collation": None if collation == self._collation else collation,
                }
                yield Item("table", None, None, name, facts)
            elif kind == "SEQUENCE":
                yield Item("sequence", None, None, name)

    def columns(self) -> Iterator[Item]:
        query = "SELECT * FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE()"
        for row in self._rows(query):
            table = row["table_name"]
            if table not in self._collations:
                continue
            collation = row["collation_name"]
            facts = {
                "type": row["column_type"],
                "nullable": row["is_nullable"] == "YES",
                "default": row["column_default"],
                "comment": row["column_comment"] or None,
                "collation": None if collation == self._collations[table] else collation,
            }
            if row["extra"]:
                facts["extra"] = row["extra"].lower()
            if row.get("generation_expression"):
                facts["generated"] = self._here(row["generation_expression"])
            yield Item("column", None, table, row["column_name"], facts)

    def indexes(self) -> Iterator[Item]:
        found: dict[tuple[str, str], list[Mapping[str, Any]]] = defaultdict(list)
        query = (
            "SELECT * FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = DATABASE() "
            "ORDER BY TABLE_NAME, INDEX_NAME, SEQ_IN_INDEX"
        )
        for row in self._rows(query):
            found[row["table_name"], row["index_name"]].append(row)
        for (table, name), rows in found.items():
            if table not in self._collations:
                continue
            columns = [self._part(row) for row in rows]
            if name == "PRIMARY":
                facts: dict[str, Any] = {"type": "primary key", "columns": columns}
                yield Item("constraint", None, table, name, facts, generated=True)
                continue
            facts = {
                "unique": not int(rows[0]["non_unique"]),
                "columns": columns,
                "type": rows[0]["index_type"],
                "comment": rows[0]["index_comment"] or None,
            }
            first = str(rows[0]["column_name"])
            generated = re.fullmatch(rf"{re.escape(first)}(_\d+)?", name) is not None
            generated |= _GENERATED.fullmatch(name) is not None
            yield Item("index", None, table, name, facts, generated=generated)

    def foreign_keys(self) -> Iterator[Item]:
        keys: dict[tuple[str, str], list[Mapping[str, Any]]] = defaultdict(list)
        # The server opens every table for each of these, and for a join of them more than once.
        query = (
            "SELECT TABLE_NAME, CONSTRAINT_NAME, UPDATE_RULE, DELETE_RULE "
            "FROM information_schema.REFERENTIAL_CONSTRAINTS WHERE CONSTRAINT_SCHEMA = DATABASE()"
        )
        rules = {_lower(row): row for row in self._rows(query)}
        query = (
            "SELECT * FROM information_schema.KEY_COLUMN_USAGE WHERE TABLE_SCHEMA = DATABASE() "
            "AND REFERENCED_TABLE_NAME IS NOT NULL "
            "ORDER BY TABLE_NAME, CONSTRAINT_NAME, ORDINAL_POSITION"
        )
        for row in self._rows(query) if rules else ():
            keys[row["table_name"], row["constraint_name"]].append(row)
        for (table, name), rows in keys.items():
            referred = rows[0]["referenced_table_name"]
            elsewhere = rows[0]["referenced_table_schema"]
            if elsewhere != self._name:
                referred = f"{elsewhere}.{referred}"
            facts = {
                "type": "foreign key",
                "columns": [row["column_name"] for row in rows],
                "references": [f"{referred}.{row['referenced_column_name']}" for row in rows],
                "on update": _action(rules[_lower(rows[0])]["update_rule"]),
                "on delete": _action(rules[_lower(rows[0])]["delete_rule"]),
            }
            generated = _GENERATED.fullmatch(name) is not None
            yield Item("constraint", None, table, name, facts, generated=generated)

    def checks(self) -> Iterator[Item]:
        query = (
            "SELECT * FROM information_schema.CHECK_CONSTRAINTS "
            "WHERE CONSTRAINT_SCHEMA = DATABASE()"
        )
        found = self._rows(query)
        query = (
            "SELECT TABLE_NAME, CONSTRAINT_NAME FROM information_schema.TABLE_CONSTRAINTS "
            "WHERE CONSTRAINT_SCHEMA = DATABASE() AND CONSTRAINT_TYPE = 'CHECK'"
        )
        tables: dict[str, list[str]] = defaultdict(list)
        for row in self._rows(query) if found else ():
            tables[row["constraint_name"].lower()].append(row["table_name"])
        for row, table in ((r, t) for r in found for t in tables[r["constraint_name"].lower()]):
            name = row["constraint_name"]
            # MariaDB's names are a table's own, and it tells which.
            if row.get("table_name", table) != table:
                continue
            facts = {"type": "check", "definition": self._here(row["check_clause"])}
            by_column = row.get("level") == "Column"
            generated = by_column or _GENERATED.fullmatch(name) is not None
            yield Item("constraint", None, table, name, facts, generated=generated)

    def programs(self) -> Iterator[Item]:
        """Yield views, triggers and routines."""
        query = "SELECT * FROM information_schema.VIEWS WHERE TABLE_SCHEMA = DATABASE()"
        for row in self._rows(query):
            facts = {"definition": self._here(row["view_definition"])}
            yield Item("view", None, None, row["table_name"], facts)
        query = "SELECT * FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = DATABASE()"
        for row in self._rows(query):
            facts = {
                "when": f"{row['action_timing']} {row['event_manipulation']}",
                "definition": self._here(row["action_statement"]),
            }
            yield Item("trigger", None, row["event_object_table"], row["trigger_name"], facts)
        query = "SELECT * FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = DATABASE()"
        for row in self._rows(query):
            facts = {
                "type": row["routine_type"].lower(),
                "returns": row["dtd_identifier"],
                "definition": self._here(row["routine_definition"] or ""),
            }
            yield Item("function", None, None, row["routine_name"], facts)

    def _part(self, row: Mapping[str, Any]) -> str:
        """Return a column of an index, or an expression, as it would be written."""
        shown = row["column_name"] or f"({self._here(row.get('expression') or '')})"
        if row["sub_part"]:
            shown += f"({row['sub_part']})"
        return f"{shown} DESC" if row["collation"] == "D" else shown

    def _here(self, definition: str) -> str:
        """Return a definition without the name of this database before what is in it."""
        return definition.replace(f"`{self._name}`.", "").replace("\\'", "'").strip()

    def _rows(self, query: str) -> list[Mapping[str, Any]]:
        """Return rows by their names in lower case: servers write them one way or the other."""
        found = self._connection.execute(text(query)).mappings()
        return [{str(key).lower(): value for key, value in row.items()} for row in found]


def _lower(row: Mapping[str, Any]) -> tuple[str, str]:
    """Return whose constraint a row is about, for a server that does not mind capitals."""
    return row["table_name"].lower(), row["constraint_name"].lower()


def _action(rule: str) -> str | None:
    """Return what a foreign key does; three words of one meaning are nothing."""
    return None if rule in {"RESTRICT", "NO ACTION"} else rule
