"""What ``sum`` found or wrote."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alembic_migrate.render.words import count, indented, name_of, sentence, shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from alembic_migrate.findings import SumCheck


def sums(answers: Sequence[SumCheck], *, named: bool) -> str:
    """Return each base's differences with what mends them, or what there is to say instead."""
    return "\n".join(line for each in answers for line in _lines(each, named=named))


def _lines(answer: SumCheck, *, named: bool) -> Iterator[str]:
    base = name_of(answer, named=named)
    for finding in answer.findings:
        yield sentence(base, finding.message)
        if finding.hint:
            yield indented(finding.hint)
    if not answer.findings:
        yield sentence(base, _outcome(answer))


def _outcome(answer: SumCheck) -> str:
    revisions = count(answer.revisions, "revision")
    if answer.written:
        return f"wrote {shown(answer.file)}: {revisions}"
    if not answer.kept:
        return "no sums are kept (sum = true keeps them)"
    return f"nothing differs from {shown(answer.file)}: {revisions}"
