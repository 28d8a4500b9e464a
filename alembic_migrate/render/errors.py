"""Errors as text: what is wrong first, what mends it below, indented."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from alembic_migrate.errors import AlembicMigrateError, BasesFailed
from alembic_migrate.masking import mask
from alembic_migrate.render.words import indented, lines, name_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alembic_migrate.results import Outcome

Summary = Callable[[Any], str]

MANY = 20  # bases or tenants: of more, only those that failed are told one by one


def _done(result: Any) -> str:
    del result
    return "done"


def error_text(
    error: AlembicMigrateError, summary: Summary = _done, *, below: str | None = None
) -> str:
    """Return an error's message and, below it and indented, its hint; passwords are masked.

    Where several bases ran, what happened to each stands below, in the order in which they ran;
    of many those that failed.

    Args:
        error: the error.
        summary: tells a base's result in a few words.
        below: what stands in front already, a base's name, ``base/tenant`` or a tenant's; a message
            need not repeat it.
    """
    outcomes = error.outcomes if isinstance(error, BasesFailed) else ()
    named = not isinstance(error, BasesFailed) or error.named
    others = ""
    if len(outcomes) > MANY:
        others = _others(outcomes)
        outcomes = tuple(each for each in outcomes if each.error is not None)
    return lines(
        [
            mask(_below(error.message, below) if below else error.message),
            *(indented(_outcome(each, summary, named=named)) for each in outcomes),
            indented(others),
            indented(mask(error.hint)) if error.hint else "",
        ]
    )


def _below(message: str, name: str) -> str:
    """Return a message without the base, and the tenant, that stand in front of it already."""
    base, _, tenant = name.partition("/")
    whose = f"base {base}, tenant {tenant}: " if tenant else f"base {base}: "
    return message.removeprefix(whose).removeprefix(f"the base, tenant {name}: ")


def _others(outcomes: Sequence[Outcome[Any]]) -> str:
    """Return how many of many did not fail."""
    done = sum(each.result is not None for each in outcomes)
    untried = sum(each.result is None and each.error is None for each in outcomes)
    return f"{done} others are done" + (f", {untried} were not tried" if untried else "")


def _outcome(each: Outcome[Any], summary: Summary, *, named: bool) -> str:
    """Return what happened to one base of several: done, failed and why, or not tried."""
    name = name_of(each, named=named) or each.base
    if each.error is not None:
        first, *rest = error_text(each.error, below=name).split("\n")
        return "\n".join([f"{name}: failed: {first}", *(f"  {line}" for line in rest)])
    if each.result is None:
        return f"{name}: not tried"
    return f"{name}: {summary(each.result)}"
