"""Alembic's scripts and differences as plain records."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from alembic.util import to_tuple

from alembic_migrate.results import Change, Revision

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from alembic.script import Script


def record(script: Script, current: Iterable[str] | None = None) -> Revision:
    """Return a script as a record.

    Args:
        script: one of Alembic's.
        current: the ids in the version table, where the database was asked.
    """
    down = script._versioned_down_revisions  # noqa: SLF001 - what Alembic's own text shows
    # Alembic keeps labels and next revisions in sets, whose order changes from run to run.
    return Revision(
        revision=script.revision,
        down_revisions=tuple(down),
        depends_on=to_tuple(script.dependencies, default=()),
        branch_labels=tuple(sorted(script.branch_labels or ())),
        message=script.doc,
        doc=script.longdoc,
        path=Path(script.path),
        next_revisions=tuple(sorted(script.nextrev)),
        is_head=script.is_head,
        is_effective_head=script._is_real_head,  # noqa: SLF001
        is_branch_point=script.is_branch_point,
        is_merge_point=script.is_merge_point,
        is_current=None if current is None else script.revision in set(current),
    )


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
    if kind in {"add_table", "remove_table"}:
        return Change(kind, f"{verb} table {diff[1].fullname}", diff[1].fullname)
    if kind in {"add_column", "remove_column"}:
        table = _qualified(diff[1], diff[2])
        return Change(kind, f"{verb} column {table}.{diff[3].name}", table)
    if verb == "modify" and len(diff) == 7:  # noqa: PLR2004 - Alembic's shape
        table = _qualified(diff[1], diff[2])
        before, after = (_shown(value) for value in diff[5:7])
        what = what.replace("_", " ")
        return Change(kind, f"change {what} of {table}.{diff[3]}: {before} -> {after}", table)
    if what in {"index", "constraint", "fk"}:
        return _named(kind, verb, what, diff[1])
    if kind in {"add_table_comment", "remove_table_comment"}:
        return Change(kind, f"{verb} comment of table {diff[1].fullname}", diff[1].fullname)
    return Change(kind, kind.replace("_", " "))


def _named(kind: str, verb: str, what: str, item: Any) -> Change:
    table = getattr(item, "table", None)
    on = table.fullname if table is not None else None
    noun = {"fk": "foreign key", "index": "index"}.get(what)
    if noun is None:
        noun = str(getattr(item, "__visit_name__", what)).replace("_", " ")
    columns = ", ".join(_column_names(item))
    name = f" {item.name}" if item.name else ""
    return Change(kind, f"{verb} {noun}{name} on {on}({columns})", on)


def _column_names(item: Any) -> list[str]:
    columns = getattr(item, "columns", None) or ()
    return [str(getattr(column, "name", column)) for column in columns]


def _qualified(schema: str | None, table: str) -> str:
    return f"{schema}.{table}" if schema else table


def _shown(value: Any) -> str:
    argument = getattr(value, "arg", value)
    return str(getattr(argument, "text", argument))
