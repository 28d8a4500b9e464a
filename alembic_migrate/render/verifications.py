"""What ``verify`` found."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from alembic_migrate.render.words import count, indented, lines, sentence

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from alembic_migrate.results import Finding, Step
    from alembic_migrate.verifications import Question, Verification


def verifications(
    answers: Sequence[Verification], *, named: bool, verbose: bool = False, quiet: bool = False
) -> str:
    """Return each base's questions with their times, and the findings below them.

    Args:
        answers: one a base.
        named: whether the project's bases have names.
        verbose: the time of every revision too, and not the slowest one's alone.
        quiet: findings alone.
    """
    if quiet:
        return lines(_findings(answer, named=named) for answer in answers)
    return "\n\n".join(_block(answer, named=named, verbose=verbose) for answer in answers)


def findings(question: Question) -> str:
    """Return the findings of one question, each with what mends it."""
    return "\n".join(_told(question.findings))


def _findings(answer: Verification, *, named: bool) -> str:
    base = answer.base if named else None
    return lines(
        line
        for each in answer.questions
        for line in _told(each.findings, lambda text: sentence(base, text))
    )


def _block(answer: Verification, *, named: bool, verbose: bool) -> str:
    base = answer.base if named else None
    found = sum(len(each.findings) for each in answer.questions)
    verdict = "verified" if answer.ok else count(found, "finding")
    of = "" if answer.revisions is None else f", {count(answer.revisions, 'revision')}"
    width = max(len(each.name) for each in answer.questions)
    parts = [sentence(base, f"{verdict}{of}")]
    for each in answer.questions:
        parts.append(f"  {each.name:<{width}}  {_line(each)}".rstrip())
        parts += [indented(line, " " * 4) for line in _below(each, verbose=verbose)]
    return "\n".join(parts)


def _line(question: Question) -> str:
    if question.answer == "skipped":
        return f"skipped: {question.reason}"
    slowest = max(question.steps, key=lambda step: step.seconds, default=None)
    more = ""
    if slowest is not None and len(question.steps) > 1:
        more = f", {_seconds(slowest.seconds)} of it {slowest.revision}"
    return f"{question.answer:<7} {_seconds(question.seconds)}{more}"


def _below(question: Question, *, verbose: bool) -> Iterator[str]:
    if verbose:
        yield from map(_step, question.steps)
    yield from _told(question.findings)
    for note in question.notes:
        yield f"note: {note.message}"


def _step(step: Step) -> str:
    return f"{_seconds(step.seconds):>8}  {step.revision}  {step.message}".rstrip()


def _told(found: Sequence[Finding], say: Callable[[str], str] = str) -> Iterator[str]:
    """Yield findings; those that one line mends stand together above it."""
    for hint, alike in groupby(found, key=lambda finding: finding.hint):
        yield from (say(finding.message) for finding in alike)
        if hint:
            yield indented(hint)


def _seconds(value: float) -> str:
    return f"{value:.2f} s"
