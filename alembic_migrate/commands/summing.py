"""sum: whether the revision files are those that were written, and the file that knows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alembic_migrate.bridge.sums import check_sum, versions_of
from alembic_migrate.commands.authoring import refuse_packaged
from alembic_migrate.commands.each import each
from alembic_migrate.errors import ConfigError
from alembic_migrate.findings import SumCheck
from alembic_migrate.integrity.keeping import write_anew
from alembic_migrate.integrity.sums import FILE_NAME

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alembic_migrate.targets import Target


def sums(targets: Sequence[Target], *, write: bool) -> tuple[SumCheck, ...]:
    """Return how each base's revision files differ from its ``alembic-db.sum``.

    Args:
        targets: the bases.
        write: write the file anew instead, from the files as they are.

    Raises:
        AlembicMigrateError: as ``each``; with ``write`` also a base that keeps no sums.
    """
    return each(targets, _written if write else _checked, keep_going=True)


def _checked(target: Target) -> SumCheck:
    target.require_folder()
    versions = versions_of(target)
    return SumCheck(
        base=target.name,
        file=versions.file,
        kept=bool(target.config["sum"]),
        revisions=len(versions.paths()),
        findings=check_sum(target),
    )


def _written(target: Target) -> SumCheck:
    target.require_folder()
    refuse_packaged(target)
    if not target.config["sum"]:
        raise ConfigError(
            f"{target.prefix}no {FILE_NAME} is kept, so that it would not be true for long",
            hint=f"set it under {target.table}:\nsum = true",
        )
    versions = versions_of(target)
    return SumCheck(
        base=target.name,
        file=versions.file,
        kept=True,
        revisions=write_anew(versions),
        written=True,
    )
