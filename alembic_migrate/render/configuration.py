"""Keys, values and origins as ``config show`` tells them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from alembic_migrate.render.words import heading

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alembic_migrate.results import ConfigRow


def configuration(rows: Sequence[ConfigRow]) -> str:
    """Return aligned rows of key, value and origin, under a heading a base where there are several.

    What is wrong with a value stands below its row. Secrets are masked by whoever made the rows.
    """
    bases = list(dict.fromkeys(row.base for row in rows))
    cells = [(row.key, plain(row.value), row.origin) for row in rows]
    widths = [max((len(cell[place]) for cell in cells), default=0) for place in (0, 1)]

    def table(base: str) -> str:
        aligned = (
            f"{key:<{widths[0]}}  {value:<{widths[1]}}  {origin}".rstrip() + _wrong(row)
            for row, (key, value, origin) in zip(rows, cells, strict=True)
            if row.base == base
        )
        return "\n".join([heading(base), *aligned] if len(bases) > 1 else aligned)

    return "\n\n".join(map(table, bases))


def _wrong(row: ConfigRow) -> str:
    return "" if row.error is None else f"\n  {row.error}"


def plain(value: Any) -> str:
    """Return a value in few characters: strings bare, others as JSON, ``-`` where it is unset."""
    if value is None:
        return "-"
    if isinstance(value, str):
        return value if value.isprintable() and value else json.dumps(value)
    return json.dumps(value, default=str, ensure_ascii=False)
