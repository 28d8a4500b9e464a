"""What one action of an ALTER TABLE does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from alembic_migrate.lint.operations import Column

if TYPE_CHECKING:
    from collections.abc import Callable

    from alembic_migrate.lint.words import Words

Facts = dict[str, Any]

# The words that end a type or a default in a column's definition.
_PARTS = frozenset(
    {"NOT", "NULL", "DEFAULT", "PRIMARY", "UNIQUE", "REFERENCES", "CHECK", "CONSTRAINT", "COLLATE"}
    | {"GENERATED", "AS", "AUTO_INCREMENT", "COMMENT", "FIRST", "AFTER", "KEY", "ON", "USING"}
    | {"DEFERRABLE", "INITIALLY", "STORED", "VIRTUAL", "VISIBLE", "INVISIBLE"}
)
_CONSTRAINTS = {
    "PRIMARY": "primary key",
    "FOREIGN": "foreign key",
    "UNIQUE": "unique",
    "CHECK": "check",
    "EXCLUDE": "exclude",
}


def altered(words: Words) -> Facts:
    """Return the fields of the operation that one action of an ALTER TABLE amounts to.

    A table that moves has the schema as ``new_schema``, which is no field.
    """
    for beginning, read in _READERS.items():
        if words.take(*beginning.split()):
            return read(words)
    return {"kind": "ddl"}


def _add(words: Words) -> Facts:
    named = words.take("CONSTRAINT")
    name = None
    if named and words.peek() not in _CONSTRAINTS:
        name = words.name()
    if (word := words.peek()) in _CONSTRAINTS:
        return _add_constraint(words, word, name)
    if words.take_any("FULLTEXT", "SPATIAL") or words.peek() in {"INDEX", "KEY"}:
        return _add_index(words)
    words.take("COLUMN")
    words.take("IF", "NOT", "EXISTS")
    if words.peek() == "(":
        words.next()
    return {"kind": "add column", "columns": (definition(words),)}


def _add_constraint(words: Words, word: str, name: str | None) -> Facts:
    words.next()
    words.take("KEY")
    words.take("INDEX")
    start = words.at
    facts: Facts = {"kind": "add constraint", "constraint": _CONSTRAINTS[word], "name": name}
    if words.take("USING", "INDEX"):
        return {**facts, "using": words.name()}
    if word in {"PRIMARY", "UNIQUE", "FOREIGN"}:
        words.skip_to("(")
        facts["columns"] = words.columns()
    if words.skip_to("REFERENCES"):
        named = words.table()
        schema, table = named["schema"], named["table"]
        facts["references"] = f"{schema}.{table}" if schema else table
    words.at = start
    while words.skip_to("NOT"):
        facts["not_valid"] = facts.get("not_valid") or words.peek() == "VALID"
    return facts


def _add_index(words: Words) -> Facts:
    words.take_any("INDEX", "KEY")
    words.take("IF", "NOT", "EXISTS")
    name = None if words.peek() == "(" else words.name()
    words.skip_to("(")
    return {"kind": "create index", "name": name, "columns": words.columns()}


def _drop(words: Words) -> Facts:
    kind = words.take_any("CONSTRAINT", "PRIMARY", "FOREIGN", "INDEX", "KEY", "CHECK", "PARTITION")
    if kind == "PRIMARY":
        return {"kind": "drop constraint", "constraint": "primary key"}
    if kind == "PARTITION":
        return {"kind": "ddl"}
    words.take("KEY")
    words.take("COLUMN")
    words.take("IF", "EXISTS")
    name = words.name()
    if kind in {"INDEX", "KEY"}:
        return {"kind": "drop index", "name": name}
    if kind:
        constraint = {"FOREIGN": "foreign key", "CHECK": "check"}.get(kind)
        return {"kind": "drop constraint", "name": name, "constraint": constraint}
    return {"kind": "drop column", "columns": (Column(name or ""),)}


def _alter(words: Words) -> Facts:
    if words.take_any("INDEX", "CONSTRAINT", "CHECK"):
        return {"kind": "ddl"}
    words.take("COLUMN")
    name = words.name() or ""
    if words.take("SET", "DATA", "TYPE") or words.take("TYPE"):
        return _type(words, name)
    if words.take("SET", "NOT", "NULL"):
        return _altered(Column(name, nullable=False))
    if words.take("DROP", "NOT", "NULL"):
        return _altered(Column(name, nullable=True))
    if words.take("SET", "DEFAULT") or words.take("DROP", "DEFAULT"):
        column = Column(name, default=words.written(words.at) or None)
        return {**_altered(column), "default_changes": True}
    return {"kind": "ddl"}


def _type(words: Words, name: str) -> Facts:
    start = words.at
    found = words.skip_to("USING")
    written = words.written(start, words.at - 1 if found else None)
    return {**_altered(Column(name, type=written)), "using": words.written(words.at) or None}


def _modify(words: Words) -> Facts:
    words.take("COLUMN")
    words.take("IF", "EXISTS")
    return _altered(definition(words))


def _change(words: Words) -> Facts:
    words.take("COLUMN")
    words.take("IF", "EXISTS")
    old = words.name() or ""
    column = definition(words)
    new = column.name
    before = Column(old)
    return {**_altered(column), "before": before, "new_name": None if new == old else new}


def _rename(words: Words) -> Facts:
    if words.take_any("CONSTRAINT", "INDEX", "KEY"):
        return {"kind": "ddl"}
    if words.take_any("TO", "AS"):
        return {"kind": "rename table", "new_name": words.table()["table"]}
    words.take("COLUMN")
    old = words.name() or ""
    if not words.take("TO"):
        return {"kind": "rename table", "new_name": old}
    return {**_altered(Column(old)), "new_name": words.name()}


def _set_schema(words: Words) -> Facts:
    return {"kind": "rename table", "new_schema": words.name()}


def _validate(words: Words) -> Facts:
    return {"kind": "validate constraint", "name": words.name()}


def _altered(column: Column) -> Facts:
    return {"kind": "alter column", "columns": (column,)}


def definition(words: Words) -> Column:
    """Return the column that a definition (name, type and what follows) makes."""
    name = words.name() or ""
    start = words.at
    _skip_part(words)
    written = words.written(start, words.at)
    said: dict[str, Any] = {"nullable": True}
    while words.at < len(words.tokens):
        _part(words, words.next(), said)
    return Column(name, type=written or None, **said)


def _part(words: Words, word: str, said: dict[str, Any]) -> None:
    if word == "NOT" and words.take("NULL"):
        said["nullable"] = False
    elif word == "PRIMARY":
        said.update(primary_key=True, nullable=False)
    elif word == "UNIQUE":
        said["unique"] = True
    elif word == "DEFAULT":
        start = words.at
        words.at += 1  # NULL and what is in parentheses too
        _skip_part(words)
        said["default"] = words.written(start, words.at)
    elif word in {"GENERATED", "AS"}:
        said["generated"] = True
    elif word == "REFERENCES":
        table = words.table()
        schema = table["schema"]
        said["references"] = (f"{schema}.{table['table']}" if schema else table["table"] or "",)


def _skip_part(words: Words) -> None:
    """Go to the next word that begins a part of a definition, outside of further parentheses."""
    depth = words.tokens[0].depth if words.tokens else 0
    while words.at < len(words.tokens):
        token = words.tokens[words.at]
        if token.depth < depth or (token.keyword in _PARTS and token.depth == depth):
            return
        words.at += 1


_READERS: dict[str, Callable[[Words], Facts]] = {
    "ADD": _add,
    "DROP": _drop,
    "ALTER": _alter,
    "MODIFY": _modify,
    "CHANGE": _change,
    "RENAME": _rename,
    "SET SCHEMA": _set_schema,
    "VALIDATE CONSTRAINT": _validate,
}
