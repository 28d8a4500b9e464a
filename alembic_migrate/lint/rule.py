"""A rule as a record: its code, whom it is about, and the examples that are its tests."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from alembic_migrate.findings import Category, Severity
    from alembic_migrate.lint.operations import Captured, Operation

# Where no configuration says otherwise.
DEFAULT_SEVERITY: dict[Category, Severity] = {
    "destructive": "error",
    "data-dependent": "error",
    "locking": "warning",
    "breaking": "warning",
    "craft": "warning",
}


@dataclass(frozen=True, slots=True)
class Spot:
    """One place where a rule does not hold.

    Attributes:
        line: the line in the revision's file.
        message: what happens to whom, in the user's own names: one sentence or two.
        safe: the safe way, code in the user's own names; None where there is none but to be sure.
        operation: the operation it is about, or None for the revision as a whole.
    """

    line: int
    message: str
    safe: str | None = None
    operation: Operation | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """One thing that a revision should not do.

    Attributes:
        code: stable: ``ADB101``. The first digit tells the category: 1 destructive,
            2 data-dependent, 3 locking (30x PostgreSQL, 35x MySQL), 4 breaking, 5 craft; 0 is about
            the linting itself.
        name: in words, with hyphens: ``drop-table``.
        category: what is at stake.
        summary: one line, a sentence.
        why: what happens to whom, and when it does not matter; Markdown.
        look: finds the places in a captured revision.
        bad: the body of an ``upgrade()``, or a whole file without its header, in which the rule
            finds exactly one place.
        good: the same done safely; the rule finds nothing in it.
        dialects: SQLAlchemy's names of those it is about; empty: all.
    """

    code: str
    name: str
    category: Category
    summary: str
    why: str
    look: Callable[[Captured], Iterable[Spot]]
    bad: str
    good: str
    dialects: frozenset[str] = frozenset()

    @property
    def about_lint(self) -> bool:
        """Tell whether it is about the linting itself: ``ADB0…``."""
        return self.code.startswith("ADB0")

    def concerns(self, dialect: str) -> bool:
        """Tell whether the rule is about a dialect."""
        return not self.dialects or dialect in self.dialects


def told_by_the_engine(_captured: Captured) -> tuple[Spot, ...]:
    """Find nothing: what such a rule is about is known only where all rules are run."""
    return ()
