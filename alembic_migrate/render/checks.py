"""What ``check`` found."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alembic_migrate.render.authoring import left_out
from alembic_migrate.render.words import indented, sentence

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
    base = answer.base if named else None
    for finding in answer.findings:
        yield sentence(base, finding.message)
        if finding.hint:
            yield indented(finding.hint)
    if answer.left_out and not quiet:
        yield sentence(base, left_out(answer.left_out))
    if not answer.findings:
        yield sentence(base, "no problems found")
