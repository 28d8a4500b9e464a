"""What can be rehearsed: revisions that one transaction can hold, and that it takes back."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from alembic_migrate.errors import UsageError
from alembic_migrate.history import autocommit_line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alembic_migrate.bridge.scripts import Scripts
    from alembic_migrate.targets import Target

_TRANSACTIONAL = {"postgresql", "sqlite", "mssql"}


def refuse_rehearsal(target: Target, scripts: Scripts, steps: Sequence[Any]) -> None:
    """Refuse what a rollback would not take back.

    Args:
        target: the base.
        scripts: its revision files.
        steps: what would run.

    Raises:
        UsageError: the database commits DDL at once, the environment script is the project's own,
            or a revision commits by itself.
    """
    if target.environment != "builtin":
        raise UsageError(
            f"{target.prefix}a rehearsal needs the built-in environment: {target.folder}/env.py "
            "commits as it likes",
            hint='env = "builtin" under [tool.alembic-migrate] uses it',
        )
    backend = target.url.get_backend_name()
    if backend not in _TRANSACTIONAL:
        raise UsageError(
            f"{target.prefix}a rehearsal cannot be rolled back on {backend}, which commits DDL",
            hint=f"look at the script instead: alembic-db upgrade{target.flag} --sql",
        )
    for step in steps:
        script = scripts.get_revision(step.revision.revision)
        line = autocommit_line(Path(script.path))
        if line is not None:
            raise UsageError(
                f"{target.prefix}revision {script.revision} cannot be rehearsed: "
                f"{script.path}:{line} commits by itself (autocommit_block)",
                hint=f"rehearse what comes before it: alembic-db upgrade{target.flag} --rehearse "
                f"{script.down_revision or 'base'}",
            )
