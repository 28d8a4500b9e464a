"""One verb over several bases: in order, each with a result, an error, or neither."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from alembic_migrate.errors import AlembicMigrateError, BasesFailed, Interrupted, UsageError
from alembic_migrate.results import Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from alembic_migrate.targets import Target

T = TypeVar("T")


def each(
    targets: Sequence[Target], work: Callable[[Target], T], *, keep_going: bool
) -> tuple[T, ...]:
    """Do work on every target, in order.

    Args:
        targets: what to work on.
        work: does one of them.
        keep_going: go on with the others where one fails.

    Returns:
        what the work returned, in the order of the targets.

    Raises:
        AlembicMigrateError: the one target failed.
        BasesFailed: some of several failed; it holds what happened to each.
    """
    outcomes: list[Outcome[T]] = []
    stopped = False
    for target in targets:
        if stopped:
            outcomes.append(Outcome(target.name))
            continue
        try:
            outcomes.append(Outcome(target.name, work(target)))
        except AlembicMigrateError as error:
            if len(targets) == 1:
                raise
            outcomes.append(Outcome(target.name, error=error))
            stopped = not keep_going or isinstance(error, Interrupted)
    errors = [outcome.error for outcome in outcomes if outcome.error is not None]
    if errors:
        raise _failure(outcomes, keep_going=keep_going) from errors[0]
    return tuple(outcome.result for outcome in outcomes if outcome.result is not None)


def _failure(outcomes: Sequence[Outcome[T]], *, keep_going: bool) -> BasesFailed:
    failed = [outcome.base for outcome in outcomes if outcome.error is not None]
    done = [outcome.base for outcome in outcomes if outcome.result is not None]
    untried = len(outcomes) - len(failed) - len(done)
    message = f"{len(failed)} of {len(outcomes)} bases failed: {', '.join(failed)}"
    if untried:
        message += f"; {untried} not tried"
    error = BasesFailed(message, tuple(outcomes))
    # With --keep-going some may be done, and that is a state of its own; without it, a failure.
    error.exit_status = 6 if keep_going and done else _common_status(outcomes)
    return error


def _common_status(outcomes: Sequence[Outcome[T]]) -> int:
    errors = [outcome.error for outcome in outcomes if outcome.error is not None]
    if isinstance(errors[-1], Interrupted):
        return errors[-1].exit_status
    statuses = {error.exit_status for error in errors}
    return statuses.pop() if len(statuses) == 1 else 1


def one(targets: Sequence[Target], what: str) -> None:
    """Refuse more than one target where what was typed can only mean one.

    Raises:
        UsageError: there are several.
    """
    if len(targets) > 1:
        names = ", ".join(target.name for target in targets)
        raise UsageError(
            f"{what} belongs to one base, and {len(targets)} are chosen: {names}",
            hint=f"choose one: --base {targets[0].name}",
        )


def is_symbol(revision: str) -> bool:
    """Tell whether a revision means the same thing in every history."""
    start, colon, end = revision.rpartition(":")
    if colon:
        return (not start or is_symbol(start)) and (not end or is_symbol(end))
    number = revision.lstrip("+-")
    return revision in {"head", "heads", "base", "current"} or (
        revision[:1] in {"+", "-"} and number.isdigit()
    )
