"""Which steps lead from where a database is to what was asked for."""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from typing import TYPE_CHECKING, Any

from alembic.runtime.migration import RevisionStep
from alembic.script.revision import RevisionError

from alembic_migrate.bridge.refusals import refuse_ambiguous
from alembic_migrate.bridge.state import check_heads
from alembic_migrate.errors import HistoryError, MigrationError
from alembic_migrate.patterns import pattern

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

    from alembic_migrate.bridge.scripts import Scripts
    from alembic_migrate.targets import Target

Plan = Callable[[Any], list[Any]]

# What counts from where the database is: +1, -2, branch@+1; abc+1 counts from abc.
_RELATIVE = pattern(r"(.+@)?[+-]\d+")


class Planning:
    """The steps of one run of one verb.

    A relative revision counts from where a database was when it was asked for: who has waited for
    the lock meanwhile does not make one step more than was typed.

    Args:
        target: what is worked on.
        scripts: its revision files.
        verb: what is done.
        asked: the revision as it was typed.
        plan: gives the steps that lead there from the ids in a version table.

    Attributes:
        base_is_fine: where a database is at base already, there is nothing to downgrade.
        is_usual: the steps follow from the verb, from what was asked, and from where a database is.
    """

    def __init__(self, target: Target, scripts: Scripts, verb: str, asked: str, plan: Plan) -> None:
        self.target = target
        self.scripts = scripts
        self.verb = verb
        self.asked = asked
        self._plan = plan
        self.base_is_fine = False
        self.is_usual = False
        self._first: dict[Hashable, tuple[tuple[str, ...], list[Any]]] = {}

    @property
    def is_relative(self) -> bool:
        """Whether the steps depend on where the database was when they were asked for."""
        moves = self.verb in {"upgrade", "downgrade"}
        return moves and _RELATIVE.fullmatch(self.asked) is not None

    def steps(
        self, heads: Sequence[str], key: Hashable = None, version_table: str | None = None
    ) -> list[Any]:
        """Return the steps from where a database is.

        Args:
            heads: the ids in its version table now.
            key: tells it apart from others that the environment script runs.
            version_table: its name where an environment script may have chosen another one.

        Raises:
            AlembicMigrateError: the version table cannot be right, or the revision cannot be meant;
                or a relative one was meant from elsewhere.
        """
        check_heads(self.target, self.scripts, heads, version_table)
        if self.is_relative and key in self._first:
            return self._remaining(heads, *self._first[key])
        if self.verb == "downgrade" and self.is_relative and not heads and self.base_is_fine:
            return []
        if self.verb == "downgrade":
            refuse_ambiguous(self.target, self.asked, heads)
        steps = self._known(heads)
        self._first[key] = (tuple(heads), steps)
        return steps

    def _known(self, heads: Sequence[str]) -> list[Any]:
        """Return the planned steps: those of a tenant that began there, where one did."""
        if not self.is_usual:
            return self._planned(heads)
        plans: dict[Hashable, list[Any]] = self.target.shared("plans", dict)
        key = (self.verb, self.asked, frozenset(heads))
        if key not in plans:
            plans[key] = self._planned(heads)
        return [copy(step) for step in plans[key]]  # what watches a step is its own

    def _planned(self, heads: Sequence[str]) -> list[Any]:
        try:
            return self._plan(tuple(heads))
        except AssertionError as error:
            # All that Alembic has to say to HEAD+1.
            raise RevisionError("Walked too far") from error
        except AttributeError as error:
            if error.name not in {"upgrade", "downgrade"}:
                raise
            file = getattr(error.obj, "__file__", None) or error.obj
            raise HistoryError(
                f"the revision file {file} has no {error.name}()",
                hint=f"add it:\ndef {error.name}() -> None:\n    ...",
            ) from None

    def _remaining(
        self, heads: Sequence[str], first: tuple[str, ...], planned: Sequence[Any]
    ) -> list[Any]:
        """Return what is left of the steps that were planned first, whoever did the others."""
        before, now = self.scripts.applied(first), self.scripts.applied(heads)
        if not (before <= now if self.verb == "upgrade" else now <= before):
            raise self._moved(first, heads)
        return [
            RevisionStep(step.revision_map, step.revision, step.is_upgrade)
            for step in planned
            if (step.revision.revision in now) != step.is_upgrade
        ]

    def _moved(self, first: Sequence[str], heads: Sequence[str]) -> MigrationError:
        was, now = (", ".join(sorted(ids)) or "base" for ids in (first, heads))
        again = f"alembic-db {self.verb}{self.target.flag} {self.asked}"
        return MigrationError(
            f"{self.target.prefix}{self.asked} was asked for when the database was at {was}, and "
            f"another process took it to {now} meanwhile: nothing was done",
            hint=f"if it is still meant, from where the database is now: {again}",
            data={"base": self.target.name, "before": sorted(first), "after": sorted(heads)},
        )
