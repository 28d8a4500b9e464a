"""A scratch database on which a history goes up and down, made anew where it got into disorder."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from alembic_migrate.bridge.asking import ask
from alembic_migrate.bridge.replaying import confinement, made_for
from alembic_migrate.bridge.walking import walk
from alembic_migrate.databases.catalogue.following import Follower

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlalchemy.engine import Connection

    from alembic_migrate.bridge.scripts import Scripts
    from alembic_migrate.databases.catalogue.items import Catalogue
    from alembic_migrate.errors import MigrationError
    from alembic_migrate.events import Report
    from alembic_migrate.results import Step
    from alembic_migrate.targets import Target


@dataclass(frozen=True)
class Walked:
    """Revisions that ran on a stage.

    Attributes:
        seen: what the database held before each of them, and at the end where none failed.
        steps: those that did not fail.
        error: what the one that failed raised.
    """

    seen: tuple[Catalogue, ...]
    steps: tuple[Step, ...]
    error: MigrationError | None = None


class Stage:
    """A scratch database of a target, and how far its history is on it.

    Args:
        target: the base.
        scripts: its revision files.
        order: the ids of all revisions in the order in which they go up.
        report: is told what happens.

    Attributes:
        place: how many of them are applied; None where there is no database, or one in disorder.
    """

    def __init__(
        self, target: Target, scripts: Scripts, order: Sequence[str], report: Report
    ) -> None:
        self.place: int | None = None
        self._target = target
        self._scripts = scripts
        self._order = tuple(order)
        self._report = report
        self._there: Target | None = None
        self._made = ExitStack()
        self._follower = Follower()

    def leave(self) -> None:
        """Drop the database, where there is one."""
        self._there, self.place = None, None
        self._made.close()

    @contextmanager
    def used(self) -> Iterator[Target]:
        """Hand out a target on the database, outside of which nothing is reached meanwhile.

        Raises:
            AlembicMigrateError: no database can be made.
        """
        if self._there is None:
            self._there, self.place = self._made.enter_context(made_for(self._target)), 0
            self._follower = Follower()
        with confinement(self._there):
            yield self._there

    def be_at(self, place: int) -> None:
        """Be where so many revisions are applied; on another database unless it is there already.

        Raises:
            AlembicMigrateError: no database can be made, or a revision fails.
        """
        if self.place != place:
            self.leave()
            with self.used() as there:
                _, error = walk(there, self._scripts, "upgrade", self._order[:place], self._report)
            if error is not None:
                raise error
            self.place = place

    def walk(self, to: int, *, looking: bool = True) -> Walked:
        """Go up or down until so many revisions are applied.

        Where one fails the database is in disorder.

        Args:
            to: how many.
            looking: look before every step too, and not only at the end.

        Raises:
            AlembicMigrateError: the database, not a revision, is why it did not go on.
        """
        seen: list[Catalogue] = []

        def look(connection: Connection) -> None:
            seen.append(self._look(connection))

        with self.used() as there:
            assert self.place is not None
            up = to >= self.place
            ids = self._order[self.place : to] if up else self._order[to : self.place][::-1]
            verb: Literal["upgrade", "downgrade"] = "upgrade" if up else "downgrade"
            self.place = None
            steps, error = walk(
                there, self._scripts, verb, ids, self._report, look if looking else None
            )
            if error is None:
                seen.append(ask(there, self._look))
                self.place = to
        return Walked(tuple(seen), steps, error)

    def _look(self, connection: Connection) -> Catalogue:
        return self._follower.read(connection).without_named(self._target.own_tables)
