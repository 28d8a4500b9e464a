"""ADB001: what could not be run offline, and so was not linted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alembic_migrate.lint.rule import Rule, Spot
from alembic_migrate.lint.source import read

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alembic_migrate.lint.operations import Captured


def _look(captured: Captured) -> Iterator[Spot]:
    if captured.unrendered is not None:
        line = captured.unrendered.line or _first_line(captured)
        message = captured.unrendered.message
        yield Spot(line, f"from here on the revision is not linted: {message}")
    if captured.asks_offline is not None:
        yield Spot(
            captured.asks_offline,
            "what the revision does with a connection is not linted: here it asks whether it has "
            "one",
        )
    unread = {each.line for each in captured.upgrade if each.kind == "execute" and not each.sql}
    for each in captured.without_sql:
        if each.line in unread:
            yield Spot(each.line, f"the statement is not linted: {each.message}")


def _first_line(captured: Captured) -> int:
    source = read(captured.file)
    function = source.function("upgrade") if source else None
    return function.lineno if function else 1


RULE = Rule(
    code="ADB001",
    name="not-linted",
    category="craft",
    summary="A part of the revision needs a connection, so no rule has seen it.",
    why="""
Rules look at what a revision does while it runs without a database. One that reads from a
connection (a SELECT whose rows it goes through, an inspector) cannot run to its end that way. What
comes before that line is linted, the rest is not: read it yourself, and accept it with a reason.
`"craft" = "off"` does not silence this; only its own code or name does.
""",
    look=_look,
    bad="""
for (number,) in op.get_bind().execute(sa.text("SELECT id FROM invoices")).all():
    op.execute(f"UPDATE invoices SET label = 'no. {number}' WHERE id = {number}")
""",
    good="""
op.execute("UPDATE invoices SET label = 'no. ' || id WHERE label IS NULL")
""",
)
