"""In which order targets run: those of a base after those that it comes after, canaries first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from alembic_migrate.targets import Target


@dataclass(frozen=True, slots=True)
class Stage:
    """Targets that may run at the same time, once those of the stage before are finished.

    Attributes:
        targets: in their order.
        canary: where one of them fails, nothing follows.
    """

    targets: tuple[Target, ...]
    canary: bool = False


def stages(targets: Sequence[Target], canary: int) -> Iterator[Stage]:
    """Yield stages that hold every target.

    Args:
        targets: in an order that their keys ``after`` allow, or in the opposite one.
        canary: so many of each base go first.
    """
    for wave in _waves(targets):
        first, rest = _divided(wave, canary)
        if first and rest:
            yield Stage(first, canary=True)
            yield Stage(rest)
        else:
            yield Stage((*first, *rest), canary=bool(first))


def _waves(targets: Sequence[Target]) -> Iterator[list[Target]]:
    """Yield runs of targets none of whose bases comes after another of them."""
    links = {target.name: frozenset[str](target.config["after"] or ()) for target in targets}
    wave: list[Target] = []
    for target in targets:
        others = {each.name for each in wave} - {target.name}
        if any(name in links[target.name] or target.name in links[name] for name in others):
            yield wave
            wave = []
        wave.append(target)
    if wave:
        yield wave


def _divided(
    targets: Sequence[Target], canary: int
) -> tuple[tuple[Target, ...], tuple[Target, ...]]:
    seen: dict[str, int] = {}
    first: list[Target] = []
    rest: list[Target] = []
    for target in targets:
        seen[target.name] = seen.get(target.name, 0) + 1
        (first if seen[target.name] <= canary else rest).append(target)
    return tuple(first), tuple(rest)
