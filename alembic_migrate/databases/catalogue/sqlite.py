"""SQLite's catalogue: its pragmas, and the text of what they do not tell."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from sqlalchemy import inspect

from alembic_migrate.databases.catalogue.items import Item
from alembic_migrate.databases.catalogue.texts import after_as, bare, behind, clauses, plain

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy.engine import Connection, Inspector

_OPTIONS = re.compile(r"\)\s*((?:WITHOUT\s+ROWID|STRICT|,|\s)*)$", re.IGNORECASE)

# What is read of a table depends on its text alone, and who looks at every step of a history sees
# most texts again and again.
_known: dict[tuple[Any, ...], tuple[Item, ...]] = {}
_MOST = 5000


def items(connection: Connection) -> Iterator[Item]:
    """Yield what a SQLite database holds."""
    found = connection.exec_driver_sql(
        "SELECT type, name, tbl_name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite\\_%' "
        "ESCAPE '\\'"
    )
    inspector = inspect(connection)
    if len(_known) > _MOST:
        _known.clear()
    for key in map(tuple, found.fetchall()):
        if key not in _known:
            _known[key] = tuple(_read(connection, inspector, *key))
        yield from _known[key]


def _read(
    connection: Connection, inspector: Inspector, kind: str, name: str, table: str, sql: str | None
) -> Iterator[Item]:
    if kind == "table":
        yield from _table(connection, inspector, name, sql or "")
    elif kind == "index":
        yield _index(connection, table, name, sql or "")
    elif kind == "view":
        yield Item("view", None, None, name, {"definition": after_as(sql or "")})
    elif kind == "trigger":
        yield Item("trigger", None, table, name, {"definition": behind(sql or "", name)})


def _table(connection: Connection, inspector: Inspector, name: str, sql: str) -> Iterator[Item]:
    if re.match(r"CREATE\s+VIRTUAL", sql, re.IGNORECASE):
        yield Item("table", None, None, name, {"definition": behind(sql, name)})
        return
    options = _OPTIONS.search(sql)
    facts: dict[str, Any] = {}
    if options and options[1].strip():
        facts["options"] = sorted(plain(options[1]).upper().split(","))
    if re.search(r"\bAUTOINCREMENT\b", sql, re.IGNORECASE):
        facts["autoincrement"] = True
    yield Item("table", None, None, name, facts)
    yield from _columns(connection, name)
    yield from _constraints(connection, inspector, name, sql)


def _columns(connection: Connection, table: str) -> Iterator[Item]:
    for row in connection.exec_driver_sql(f"PRAGMA table_xinfo({_quoted(table)})").fetchall():
        _, name, type_, notnull, default, _, hidden = row
        facts = {
            "type": plain(type_).upper(),
            "nullable": not notnull,
            "default": None if default is None else bare(str(default)),
        }
        if hidden:
            facts["generated"] = {2: "virtual", 3: "stored"}.get(hidden, "hidden")
        yield Item("column", None, table, name, facts)


def _constraints(
    connection: Connection, inspector: Inspector, table: str, sql: str
) -> Iterator[Item]:
    """Yield constraints; one without a name is known by what it says."""
    key = inspector.get_pk_constraint(table)
    if key["constrained_columns"]:
        yield _constraint(
            table, key["name"], "primary key", {"columns": key["constrained_columns"]}
        )
    names = {columns: name for name, columns in clauses(sql, "UNIQUE")}
    for columns in _uniques(connection, table):
        yield _constraint(table, names.get(",".join(columns)), "unique", {"columns": columns})
    for name, condition in clauses(sql, "CHECK"):
        yield _constraint(table, name, "check", {"definition": condition})
    for one in inspector.get_foreign_keys(table):
        referred = one["referred_columns"] or one["constrained_columns"]
        facts = {
            "columns": one["constrained_columns"],
            "references": [f"{one['referred_table']}.{column}" for column in referred],
            **{option: value for option, value in sorted(one.get("options", {}).items()) if value},
        }
        yield _constraint(table, one["name"], "foreign key", facts)


def _uniques(connection: Connection, table: str) -> Iterator[list[str]]:
    """Yield the columns of each index that stands for a unique constraint."""
    for row in connection.exec_driver_sql(f"PRAGMA index_list({_quoted(table)})").fetchall():
        name, origin = row[1], row[3]
        if origin == "u":
            columns = connection.exec_driver_sql(f"PRAGMA index_info({_quoted(name)})").fetchall()
            yield [str(column[2]) for column in columns]


def _constraint(table: str, name: Any, kind: str, facts: dict[str, Any]) -> Item:
    said = f"{kind} ({', '.join(map(str, facts.get('columns') or [facts.get('definition')]))})"
    return Item(
        "constraint",
        None,
        table,
        str(name or said),
        {"type": kind, **facts},
        generated=name is None,
    )


def _index(connection: Connection, table: str, name: str, sql: str) -> Item:
    parts: list[str] = []
    for row in connection.exec_driver_sql(f"PRAGMA index_xinfo({_quoted(name)})").fetchall():
        _, _, column, descending, collation, is_key = row
        if is_key:
            shown = "expression" if column is None else str(column)
            shown += "" if collation == "BINARY" else f" COLLATE {collation}"
            parts.append(f"{shown} DESC" if descending else shown)
    facts: dict[str, Any] = {
        "unique": re.match(r"CREATE\s+UNIQUE", sql, re.IGNORECASE) is not None,
        "columns": parts,
    }
    # What is not told in pieces is compared as it was written, but for blanks and quotes.
    written, where, condition = re.split(r"(\)\s*WHERE\b|$)", sql, maxsplit=1, flags=re.IGNORECASE)
    if "expression" in " ".join(parts):
        facts["definition"] = behind(written, name)
    if where:
        facts["where"] = plain(condition)
    return Item("index", None, table, name, facts)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
