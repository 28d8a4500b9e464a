"""ADB310: an exclusion constraint builds its index under the strongest lock.

PostgreSQL, "ALTER TABLE": neither NOT VALID nor USING INDEX is there for exclusion constraints.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from alembic_migrate.lint.rule import Rule, Spot
from alembic_migrate.lint.tracking import on_existing
from alembic_migrate.lint.wording import LOCK_TIMEOUT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alembic_migrate.lint.operations import Captured


def _look(captured: Captured) -> Iterator[Spot]:
    for operation in on_existing(captured, "add constraint"):
        if operation.constraint == "exclude":
            yield Spot(
                operation.line,
                f"reads and writes of {operation.qualified} wait until the index of the exclusion "
                "constraint is built; two rows that exclude each other stop the revision",
                operation=operation,
            )


RULE = Rule(
    code="ADB310",
    name="exclusion-blocking",
    category="locking",
    summary="An exclusion constraint is put on a table that is there: reads and writes wait.",
    why=f"""
Adding the constraint takes an ACCESS EXCLUSIVE lock and builds an index under it. There is no way
around it on a table with rows: do it while little happens, or make a new table that has the
constraint from the start, and move the rows.
{LOCK_TIMEOUT}""",
    look=_look,
    bad="""
op.create_exclude_constraint("ex_bookings", "bookings", ("during", "&&"), using="gist")
""",
    good="""
op.execute("CREATE TABLE bookings_new (during tsrange, EXCLUDE USING gist (during WITH &&))")
""",
    dialects=frozenset({"postgresql"}),
)
