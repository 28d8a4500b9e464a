"""Findings that more than one command has: of heads, and of models."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alembic_migrate.results import Finding

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alembic_migrate.bridge.forgetting import Forgotten
    from alembic_migrate.results import Change
    from alembic_migrate.targets import Target


def several_heads(target: Target, heads: Sequence[str]) -> tuple[Finding, ...]:
    """Return the finding that a history has several heads; nothing where it has one."""
    if len(heads) < 2:  # noqa: PLR2004 - several begin with two
        return ()
    return (
        Finding(
            "several-heads",
            f"the history has {len(heads)} heads: {', '.join(sorted(heads))}",
            f'alembic-db merge{target.flag} -m "merge heads"',
            {"heads": sorted(heads)},
        ),
    )


def model_change(target: Target, change: Change, again: str = "") -> Finding:
    """Return the finding that no revision does what the models say.

    Args:
        target: the base.
        change: what is different.
        again: what else has to be typed to have it written.
    """
    return Finding(
        "model-change",
        f"no revision does this: {change.text}",
        f"alembic-db migrate{target.flag}{again}",
        {"kind": change.kind, "change": change.text, **change.data},
    )


def not_imported(forgotten: Forgotten) -> Finding:
    """Return the finding that a table is in the database and its model is not imported."""
    data = {"table": forgotten.table, "file": forgotten.file}
    return Finding("not-imported", forgotten.message, forgotten.hint, data)
