"""What all texts share: a sentence about a base, a count, a block a base, a path."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence


class OfBase(Protocol):
    """Any record that belongs to a base."""

    @property
    def base(self) -> str:
        """The base's name."""


Answer = TypeVar("Answer", bound=OfBase)


def name_of(answer: OfBase, *, named: bool = True) -> str | None:
    """Return how a line calls whose answer it is: ``app``, ``app/acme`` for a tenant, or None.

    Args:
        answer: a record of a base or of one of its tenants.
        named: whether the project's bases have names.
    """
    tenant: str | None = getattr(answer, "tenant", None)
    if tenant is None:
        return answer.base if named else None
    return f"{answer.base}/{tenant}" if named else tenant


def sentence(base: str | None, text: str) -> str:
    """Return ``base: text``; without a base the text begins with a capital instead."""
    return f"{base}: {text}" if base is not None else text[:1].upper() + text[1:]


def count(number: int, noun: str) -> str:
    """Return ``1 revision``, ``2 revisions``."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def heading(base: str) -> str:
    """Return the line that stands above a base's block where there are several."""
    return f"[{base}]"


def blocks(answers: Sequence[Answer], text: Callable[[Answer], str], *, named: bool = True) -> str:
    """Return one answer's text as it is; several under their headings, a blank line between."""
    if len(answers) == 1:
        return text(answers[0])
    return "\n\n".join(
        lines([heading(name_of(answer, named=named) or answer.base), text(answer).rstrip("\n")])
        for answer in answers
    )


def indented(text: str, by: str = "  ") -> str:
    """Return the text with every line that is not blank moved to the right."""
    return "\n".join(by + line if line.strip() else line for line in text.splitlines())


def lines(parts: Iterable[str]) -> str:
    """Return the parts that are not empty, one below the other."""
    return "\n".join(part for part in parts if part)


def shown(path: Path) -> str:
    """Return a path relative to the working directory where it is below it."""
    try:
        return str(path.relative_to(Path.cwd()))
    except (ValueError, OSError):
        return str(path)
