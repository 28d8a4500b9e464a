"""config show --resolve: the rows of the configuration, with what get_base() gives."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from alembic_migrate.databases.urls import mask
from alembic_migrate.errors import AlembicMigrateError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alembic_migrate.results import ConfigRow
    from alembic_migrate.targets import Target


def resolved(targets: Sequence[Target], rows: Sequence[ConfigRow]) -> tuple[ConfigRow, ...]:
    """Return the rows, the URL of each base replaced by the one that its ``get_base()`` gives."""
    by_name = {target.name: target for target in targets}
    return tuple(
        _resolve(by_name[row.base], row) if row.key == "url" and row.value is None else row
        for row in rows
    )


def _resolve(target: Target, row: ConfigRow) -> ConfigRow:
    try:
        url = target.configured_url()
    except AlembicMigrateError as error:
        return replace(row, error=error.message)
    if url is None:
        return row
    return replace(row, value=mask(url), origin=f"get_base() of {target.config['module']}")
