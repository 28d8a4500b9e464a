"""Alembic's differences between models and database as plain records."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import Column, Computed, ForeignKeyConstraint, Identity, Index

from alembic_migrate.results import Change

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_MODIFICATION = 7  # the length of Alembic's tuple for what is different in a column


def changes(diffs: Iterable[Any]) -> tuple[Change, ...]:
    """Return Alembic's differences (``UpgradeOps.as_diffs()``) as records."""
    found: list[Change] = []
    for diff in diffs:
        # A column's own differences come as a list of their own.
        found += [_change(one) for one in (diff if isinstance(diff, list) else [diff])]
    return tuple(found)


def _change(diff: Sequence[Any]) -> Change:
    kind = str(diff[0])
    verb, _, what = kind.partition("_")
    if what == "table":
        return _of_table(kind, verb, diff[1])
    if what == "column":
        return _of_column(kind, verb, *diff[1:4])
    if verb == "modify" and len(diff) == _MODIFICATION:
        return _modified(kind, what.replace("_", " "), diff)
    if what in {"index", "constraint", "fk"}:
        return _named(kind, verb, what, diff[1])
    if what == "table_comment":
        return _of_comment(kind, verb, diff)
    # One of an extension of Alembic's, which may be of any shape.
    return Change(kind, kind.replace("_", " "), None, data_of())


def _of_table(kind: str, verb: str, table: Any) -> Change:
    facts = {"columns": [column.name for column in table.columns]}
    data = data_of(schema=table.schema, table=table.name, **_side(verb, facts))
    return Change(kind, f"{verb} table {table.fullname}", table.fullname, data)


def _of_column(kind: str, verb: str, schema: str | None, name: str, column: Any) -> Change:
    table = _qualified(schema, name)
    facts = {
        "type": _plain(column.type),
        "nullable": column.nullable,
        "default": _plain(column.server_default),
    }
    data = data_of(schema=schema, table=name, column=column.name, **_side(verb, facts))
    return Change(kind, f"{verb} column {table}.{column.name}", table, data)


def _modified(kind: str, what: str, diff: Sequence[Any]) -> Change:
    _, schema, name, column, _, before, after = diff
    table = _qualified(schema, name)
    before, after = _plain(before), _plain(after)
    text = f"change {what} of {table}.{column}: {before} -> {after}"
    data = data_of(schema=schema, table=name, column=column, before=before, after=after)
    return Change(kind, text, table, data)


def _of_comment(kind: str, verb: str, diff: Sequence[Any]) -> Change:
    table = diff[1]
    before = diff[2] if len(diff) > 2 else None  # noqa: PLR2004 - only an addition has the old one
    after = table.comment if verb == "add" else None
    data = data_of(schema=table.schema, table=table.name, before=before, after=after)
    return Change(kind, f"{verb} comment of table {table.fullname}", table.fullname, data)


def _named(kind: str, verb: str, what: str, item: Any) -> Change:
    table = getattr(item, "table", None)
    on = table.fullname if table is not None else None
    noun = {"fk": "foreign key", "index": "index"}.get(what)
    if noun is None:
        noun = str(getattr(item, "__visit_name__", what)).replace("_", " ")
    columns = _parts(item)
    shown = f" {item.name}" if item.name else ""
    facts: dict[str, Any] = {"columns": columns}
    if isinstance(item, Index):
        facts["unique"] = bool(item.unique)
    else:
        facts = {"type": noun, **facts}
    if isinstance(item, ForeignKeyConstraint):
        facts["references"] = [key.target_fullname for key in item.elements]
    data = data_of(
        schema=getattr(table, "schema", None),
        table=getattr(table, "name", None),
        **{"index" if what == "index" else "constraint": str(item.name) if item.name else None},
        **_side(verb, facts),
    )
    return Change(kind, f"{verb} {noun}{shown} on {on}({', '.join(columns)})", on, data)


def data_of(
    *,
    schema: str | None = None,
    table: str | None = None,
    column: str | None = None,
    index: str | None = None,
    constraint: str | None = None,
    before: Any = None,
    after: Any = None,
) -> dict[str, Any]:
    """Return what a change is about as plain JSON values; every change has every key."""
    return {
        "schema": schema,
        "table": table,
        "column": column,
        "index": index,
        "constraint": constraint,
        "from": before,
        "to": after,
    }


def _side(verb: str, facts: dict[str, Any]) -> dict[str, Any]:
    """Return facts as what is there after an addition, or before a removal."""
    return {"after" if verb == "add" else "before": facts}


def _parts(item: Any) -> list[str]:
    """Return the columns of an index or a constraint; an index may have expressions among them."""
    parts = item.expressions if isinstance(item, Index) else getattr(item, "columns", None) or ()
    return [str(part.name if isinstance(part, Column) else part) for part in parts]


def _qualified(schema: str | None, table: str) -> str:
    return f"{schema}.{table}" if schema else table


def _plain(value: Any) -> Any:
    """Return a column's type, default, comment or nullability as a plain JSON value."""
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, Computed):
        return f"computed: {value.sqltext}"
    if isinstance(value, Identity):
        return "identity, always" if value.always else "identity"
    argument = getattr(value, "arg", value)
    return str(getattr(argument, "text", argument))
