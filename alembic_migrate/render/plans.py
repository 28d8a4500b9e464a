"""What ``upgrade`` would run, as a script to read: SQL, and remarks on it as comments."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from alembic_migrate.render.runs import ids
from alembic_migrate.render.words import count, name_of, sentence, shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from alembic_migrate.findings import LintFinding, Unrendered
    from alembic_migrate.plans import Plan, PlannedRevision


def plans(answers: Sequence[Plan], *, named: bool) -> str:
    """Return what each base would run, one below the other; or that there is nothing to do.

    Args:
        answers: one a database.
        named: whether the project's bases have names.
    """
    if not any(each.revisions for each in answers):
        return "\n".join(sentence(name_of(each, named=named), _nothing(each)) for each in answers)
    return "\n\n".join("\n\n".join(_plan(each, named=named)) for each in answers)


def _nothing(answer: Plan) -> str:
    if not answer.heads and not answer.before:
        return "nothing to do: the folder has no revisions"
    return f"already at {ids(answer.before, answer.heads)}"


def _plan(answer: Plan, *, named: bool) -> Iterator[str]:
    name = name_of(answer, named=named)
    title = [f"-- base: {name}"] if name is not None else []
    if not answer.revisions:
        yield "\n".join([*title, f"-- {_nothing(answer)}"])
        return
    before, after = ids(answer.before, answer.heads), ids(answer.after, answer.heads)
    title += [f"-- database: {answer.database}"] if answer.database else []
    yield "\n".join(
        [*title, f"-- from {before} to {after}: {count(len(answer.revisions), 'revision')}"]
    )
    for each in answer.revisions:
        yield from _revision(each)


def _revision(planned: PlannedRevision) -> Iterator[str]:
    placed = _placed(planned)
    lines = [f"-- revision {planned.revision}: {planned.message}", f"-- {shown(planned.file)}"]
    yield "\n".join([*lines, *placed.pop(None, [])])
    for number, statement in enumerate(planned.statements):
        yield "\n".join([*placed.get(number, []), statement.sql])


def _placed(planned: PlannedRevision) -> dict[int | None, list[str]]:
    """Return remarks by the statement that they stand above; None: at the top of the revision."""
    remarks = [
        (_place(planned, each.line, each.sql), _finding(each))
        for each in planned.findings
        if each.suppressed is None
    ]
    remarks += [
        (_place(planned, each.line, ()), _unrendered(planned, each)) for each in planned.unrendered
    ]
    remarks.sort(key=lambda remark: -1 if remark[0] is None else remark[0])
    groups = groupby(remarks, key=lambda remark: remark[0])
    return {place: [text for _, text in group] for place, group in groups}


def _place(planned: PlannedRevision, line: int | None, sql: Sequence[str]) -> int | None:
    """Return the statement that a line is about: its own, else the next that comes after it."""
    statements = list(enumerate(planned.statements))
    own = (number for number, each in statements if each.line == line and line is not None)
    same = (number for number, each in statements if sql and each.sql.startswith(sql[0]))
    # The operations of a batch have their SQL where the batch ends.
    later = (number for number, each in statements if line and each.line and each.line > line)
    return next(own, next(same, next(later, None)))


def _finding(finding: LintFinding) -> str:
    place = f"{shown(finding.file)}:{finding.line}"
    return _comment(f"{finding.code} {finding.severity} {place}: {finding.message}")


def _unrendered(planned: PlannedRevision, each: Unrendered) -> str:
    place = f"{shown(planned.file)}:{each.line}" if each.line else shown(planned.file)
    return _comment(f"cannot be rendered without a connection: {place}: {each.message}")


def _comment(text: str) -> str:
    return "\n".join(f"-- {line}" for line in text.splitlines())
