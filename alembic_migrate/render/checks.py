"""What ``check`` found."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from alembic_migrate.render.authoring import left_out
from alembic_migrate.render.words import indented, name_of, sentence

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from alembic_migrate.results import Check


def checks(answers: Sequence[Check], *, named: bool, quiet: bool = False) -> str:
    """Return the findings of each base with what mends them, or that there are none.

    Args:
        answers: one a base.
        named: whether the project's bases have names.
        quiet: without the remarks that are no findings.
    """
    return "\n".join(line for each in answers for line in _lines(each, named=named, quiet=quiet))


def _lines(answer: Check, *, named: bool, quiet: bool) -> Iterator[str]:
    base = name_of(answer, named=named)
    # Findings that one line mends stand together above it.
    for hint, findings in groupby(answer.findings, key=lambda finding: finding.hint):
        for finding in findings:
            yield sentence(base, finding.message)
        if hint:
            yield indented(hint)
    if not quiet:
        yield from (sentence(base, remark) for remark in _remarks(answer))
    if not answer.findings:
        yield sentence(base, "no problems found")


def _remarks(answer: Check) -> Iterator[str]:
    if answer.left_out:
        yield left_out(answer.left_out)
    if answer.unowned:
        yield f"left alone, because the history does not make it: {', '.join(answer.unowned)}"
    if not answer.compared:
        yield (
            "the models were not compared, since revisions are pending: check --scratch compares "
            "them with the history"
        )
    if answer.database is None:
        yield "no database is configured: pending revisions were not looked for"
