"""One verb over several bases: in order, each with a result, an error, or neither."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Protocol, TypeVar

from alembic_migrate.errors import AlembicMigrateError, BasesFailed, Interrupted, UsageError
from alembic_migrate.results import Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from alembic_migrate.targets import Target

T = TypeVar("T")


class Over(Protocol[T]):
    """What goes over many targets."""

    def __call__(
        self,
        targets: Sequence[Target],
        work: Callable[..., T],
        *,
        beforehand: Callable[[Sequence[Target]], Mapping[str, Outcome[T]]] | None = None,
        repeatable: bool = False,
    ) -> tuple[T, ...]:
        """Call ``work(target, report=report)`` for each, perhaps in another process.

        Args:
            targets: what to work on.
            work: does one of them.
            beforehand: returns, by label, what is known of targets without working on each.
            repeatable: work that was done, or half done, may be done once more: its end is the
                same, where ``-1`` would be one revision further.

        Returns:
            what the work returned, in the order of the targets.
        """


_LISTED = 10


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
            outcomes.append(Outcome(target.name, tenant=target.tenant))
            continue
        try:
            outcomes.append(Outcome(target.name, owned(work(target), target), tenant=target.tenant))
        except AlembicMigrateError as error:
            if len(targets) == 1:
                raise
            outcomes.append(Outcome(target.name, error=error, tenant=target.tenant))
            stopped = not keep_going or isinstance(error, Interrupted)
    errors = [outcome.error for outcome in outcomes if outcome.error is not None]
    if errors:
        raise failure(outcomes, targets, keep_going=keep_going) from errors[0]
    return tuple(outcome.result for outcome in outcomes if outcome.result is not None)


def owned(result: T, target: Target) -> T:
    """Return a result that says whose it is, where its target is a tenant's."""
    if target.tenant is None or not hasattr(result, "tenant"):
        return result
    return replace(result, tenant=target.tenant)  # type: ignore[type-var] # a record, as all are


def failure(
    outcomes: Sequence[Outcome[T]], targets: Sequence[Target], *, keep_going: bool
) -> BasesFailed:
    """Return the error for several targets of which some failed."""
    named = any(target.is_named for target in targets)
    failed = [_name(outcome, named=named) for outcome in outcomes if outcome.error is not None]
    done = sum(outcome.result is not None for outcome in outcomes)
    untried = len(outcomes) - len(failed) - done
    kind = "tenants" if any(outcome.tenant for outcome in outcomes) else "bases"
    listed = ", ".join(failed[:_LISTED])
    if len(failed) > _LISTED:
        listed += f" and {len(failed) - _LISTED} more"
    message = f"{len(failed)} of {len(outcomes)} {kind} failed: {listed}"
    if untried:
        message += f"; {untried} not tried"
    error = BasesFailed(message, tuple(outcomes))
    error.named = named
    # With --keep-going some may be done, and that is a state of its own; without it, a failure.
    error.exit_status = 6 if keep_going and done else _common_status(outcomes)
    return error


def _name(outcome: Outcome[T], *, named: bool) -> str:
    """Return how its target is called: the base's name, ``base/tenant``, or the tenant's name."""
    if outcome.tenant is None:
        return outcome.base
    return f"{outcome.base}/{outcome.tenant}" if named else outcome.tenant


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
    names = list(dict.fromkeys(target.name for target in targets))
    if len(names) > 1:
        raise UsageError(
            f"{what} belongs to one base, and {len(names)} are chosen: {', '.join(names)}",
            hint=f"choose one: --base {names[0]}",
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


def is_fixed(revision: str) -> bool:
    """Tell whether a revision does not depend on where the database is."""
    return revision != "current" and not set(revision) & {"+", "-"}
