"""What ``lint`` found, and what there is to know about its rules."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from alembic_migrate.render.forges import title
from alembic_migrate.render.words import count, indented, sentence, shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from alembic_migrate.findings import Lint, LintFinding, LintRule


def lints(answers: Sequence[Lint], *, named: bool, verbose: bool = False) -> str:
    """Return the findings of each base, and how many there are.

    Args:
        answers: one a base.
        named: whether the project's bases have names.
        verbose: with those that comments accept, and why they do.
    """
    return "\n".join(
        line for each in answers for line in _lines(each, named=named, verbose=verbose)
    )


def _lines(answer: Lint, *, named: bool, verbose: bool) -> Iterator[str]:
    for finding in answer.findings:
        if finding.suppressed is None:
            yield _finding(finding)
            if finding.safe:
                yield indented(finding.safe)
        elif verbose:
            yield f"{_finding(finding)}\n  accepted: {finding.suppressed}"
    yield sentence(answer.base if named else None, _summary(answer))


def _finding(finding: LintFinding) -> str:
    severity = finding.severity if finding.suppressed is None else "accepted"
    at = f"{shown(finding.file)}:{finding.line}"
    return f"{at}: {severity} {title(finding)}: {finding.message}"


def _summary(answer: Lint) -> str:
    if not answer.revisions:
        return f"nothing to lint: no {answer.scope}"
    severities = Counter(finding.severity for finding in answer.counted)
    accepted = len(answer.findings) - len(answer.counted)
    parts = [count(number, name) for name, number in sorted(severities.items())]
    parts += [f"{accepted} accepted"] * bool(accepted)
    looked = f"{', '.join(parts) or 'no findings'} in {count(len(answer.revisions), 'revision')}"
    missing = len(answer.not_linted)
    return f"{looked}; {missing} not linted as a whole" if missing else looked


def rule(told: LintRule) -> str:
    """Return all about a rule: whom it is about, and what to do instead."""
    about = ", ".join(told.dialects) or "every database"
    return "\n".join(
        [
            f"{told.code} {told.name}: {told.summary}",
            f"{told.category}, {told.severity} by default; {about}",
            "",
            told.why,
            "",
            "Instead of",
            "",
            indented(told.bad, "    "),
            "",
            "write",
            "",
            indented(told.good, "    "),
        ]
    )


def rule_list(told: Sequence[LintRule]) -> str:
    """Return one line a rule."""
    width = max((len(each.name) for each in told), default=0)
    return "\n".join(
        f"{each.code}  {each.name:<{width}}  {each.severity:<7}  {each.summary}" for each in told
    )
