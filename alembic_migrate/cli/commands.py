"""The group that holds every command; a command's module is imported when the command is meant."""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from importlib import import_module
from typing import TYPE_CHECKING, Any, NoReturn

from alembic_migrate.cli.options import PROGRAM
from alembic_migrate.cli.parsing import Group

if TYPE_CHECKING:
    from collections.abc import Sequence

    import click

# The module of each command, in the order in which the commands are listed.
_HOMES = {
    name: f"alembic_migrate.cli.{module}"
    for module, names in {
        "authoring": "init list-templates revision migrate edit merge sum",
        "planning": "plan",
        "running": "upgrade downgrade stamp ensure-version resolve",
        "inspecting": "current heads branches show history check status",
        "linting": "lint",
        "verifying": "verify",
        "tenants": "tenants",
        "configuring": "config completion",
    }.items()
    for name in names.split()
}


class Commands(MutableMapping[str, "click.Command"]):
    """The commands by name, each imported when it is asked for."""

    def __init__(self) -> None:
        self._homes = dict(_HOMES)
        self._made: dict[str, click.Command] = {}

    def __getitem__(self, name: str) -> click.Command:
        if name not in self._made:
            for each in import_module(self._homes[name]).COMMANDS:
                self._made.setdefault(each.name, each)
        return self._made[name]

    def __setitem__(self, name: str, command: click.Command) -> None:
        self._homes.setdefault(name, "")
        self._made[name] = command

    def __delitem__(self, name: str) -> None:
        del self._homes[name]
        self._made.pop(name, None)

    def __iter__(self) -> Iterator[str]:
        return iter(self._homes)

    def __len__(self) -> int:
        return len(self._homes)


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
db.commands = Commands()
