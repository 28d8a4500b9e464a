"""Alembic's scripts as plain records."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from alembic.util import to_tuple

from alembic_migrate.results import Revision

if TYPE_CHECKING:
    from collections.abc import Iterable

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
