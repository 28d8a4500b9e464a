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
    if answer.left_out and not quiet:
        yield sentence(base, left_out(answer.left_out))
    if not answer.findings:
        yield sentence(base, "no problems found")
