"""ADB352: several changes of the schema in one revision, where none can be rolled back.

MySQL, "Statements That Cause an Implicit Commit"; MariaDB, "SQL statements That Cause an Implicit
Commit".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from alembic_migrate.lint.rule import Rule, Spot
from alembic_migrate.lint.tracking import NO_DDL, on_existing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alembic_migrate.lint.operations import Captured, Operation


def _look(captured: Captured) -> Iterator[Spot]:
    changes = [each for each in on_existing(captured) if each.kind not in NO_DDL]
    apart = [each for i, each in enumerate(changes) if i == 0 or not _same(each, changes[i - 1])]
    if len(apart) > 1:
        first, second = apart[:2]
        yield Spot(
            second.line,
            f"where this fails, what line {first.line} did stays: the server commits each change "
            f"of the schema at once, and the revision makes {len(apart)}",
            '# a revision for each change:\n# alembic-db revision -m "..."',
            second,
        )


def _same(one: Operation, other: Operation) -> bool:
    """Tell whether two operations are parts of one statement."""
    return one.sql == other.sql and bool(one.sql) and one.line == other.line


RULE = Rule(
    code="ADB352",
    name="several-ddl",
    category="locking",
    summary="Several changes of the schema in one revision: a failure leaves it half applied.",
    why="""
MySQL and MariaDB commit before and after each CREATE, ALTER and DROP. Where the second one fails,
the first stays, the version table still names the revision before, and the next attempt fails at
the first. One change a revision has no such middle. Indexes and constraints of a table that the
revision makes itself do not count: they go with it.
""",
    look=_look,
    bad="""
op.add_column("users", sa.Column("email", sa.String(50)))
op.add_column("users", sa.Column("phone", sa.String(20)))
""",
    good='op.add_column("users", sa.Column("email", sa.String(50)))',
    dialects=frozenset({"mysql", "mariadb"}),
)
