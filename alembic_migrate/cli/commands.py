"""The group that holds every command."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

from alembic_migrate.cli import (
    authoring,
    configuring,
    inspecting,
    linting,
    planning,
    running,
    verifying,
)
from alembic_migrate.cli.options import PROGRAM
from alembic_migrate.cli.parsing import Group

if TYPE_CHECKING:
    from collections.abc import Sequence


class Root(Group):
    """The program. Called as click's groups are, it runs like the console script."""

    def main(self, args: Sequence[str] | None = None, *_: Any, **__: Any) -> NoReturn:
        """Run a command line and leave the process with its exit status."""
        from alembic_migrate.cli.entry import main  # noqa: PLC0415 - which imports this module

        main(args)


db = Root(
    PROGRAM,
    first=True,
    doc="Database migrations for SQLAlchemy: every database of a repository.",
    example='alembic-db migrate --base app -m "add the year of a book"',
)
for each in (
    *authoring.COMMANDS,
    *planning.COMMANDS,
    *running.COMMANDS,
    *inspecting.COMMANDS,
    *linting.COMMANDS,
    *verifying.COMMANDS,
    *configuring.COMMANDS,
):
    db.add_command(each)
