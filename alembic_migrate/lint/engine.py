"""The rules held against one captured revision."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from alembic_migrate.findings import LintFinding
from alembic_migrate.lint.rule import DEFAULT_SEVERITY
from alembic_migrate.lint.rules import (
    BY_CODE,
    RULES,
    unexplained_suppression,
    unknown_suppression,
    unused_suppression,
)
from alembic_migrate.lint.statements import understood
from alembic_migrate.lint.suppressions import suppressions

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from alembic_migrate.findings import Severity
    from alembic_migrate.lint.operations import Captured
    from alembic_migrate.lint.rule import Rule, Spot
    from alembic_migrate.lint.suppressions import Suppressions

_AS_BY_DEFAULT: Mapping[str, Severity] = MappingProxyType({})


def judge(
    captured: Captured, severities: Mapping[str, Severity] = _AS_BY_DEFAULT
) -> tuple[LintFinding, ...]:
    """Return what the rules find in a revision, by line and then by code.

    Args:
        captured: the revision, run offline.
        severities: what the configuration makes of a rule's code, of its name or of its category;
            the nearest of these counts. What is ``off`` is not found.

    Returns:
        What a comment in the file accepts is among them, with its reason.
    """
    accepted = suppressions(captured.file)
    found = [
        _finding(captured, rule, spot, severity_of(rule, severities), accepted)
        for rule, spot in (*_of_rules(captured), *_of_suppressions(accepted))
    ]
    found += [
        _finding(captured, unused_suppression.RULE, spot, severity, accepted)
        for severity in [severity_of(unused_suppression.RULE, severities)]
        for spot in _unused(captured, accepted)
    ]
    shown = (finding for finding in dict.fromkeys(found) if finding.severity != "off")
    return tuple(sorted(shown, key=lambda finding: (finding.line, finding.code)))


def severity_of(rule: Rule, severities: Mapping[str, Severity]) -> Severity:
    """Return what the configuration makes of a rule.

    What the linter says about itself is not switched off with its category: who asks for no craft
    still wants to know what was not linted.
    """
    keys = (rule.code, rule.name) if rule.about_lint else (rule.code, rule.name, rule.category)
    said = (severities[key] for key in keys if key in severities)
    return next(said, DEFAULT_SEVERITY[rule.category])


def _of_rules(captured: Captured) -> Iterator[tuple[Rule, Spot]]:
    # All of them are asked, also those that are off: only so it is known what a comment accepts.
    revision = understood(captured)
    for rule in RULES:
        if rule.concerns(captured.dialect):
            for spot in rule.look(revision):
                yield rule, spot


def _of_suppressions(accepted: Suppressions) -> Iterator[tuple[Rule, Spot]]:
    for spot in unexplained_suppression.spots(accepted):
        yield unexplained_suppression.RULE, spot
    for spot in unknown_suppression.spots(accepted, BY_CODE):
        yield unknown_suppression.RULE, spot


def _unused(captured: Captured, accepted: Suppressions) -> Iterator[Spot]:
    """Yield the suppressions of nothing: not where some of the revision was not linted."""
    if captured.unrendered is not None or captured.asks_offline is not None:
        return
    codes = {rule.code for rule in RULES if rule.concerns(captured.dialect)}
    yield from unused_suppression.spots(accepted, codes)


def _finding(
    captured: Captured, rule: Rule, spot: Spot, severity: Severity, accepted: Suppressions
) -> LintFinding:
    return LintFinding(
        code=rule.code,
        name=rule.name,
        category=rule.category,
        severity=severity,
        revision=captured.revision,
        file=captured.file,
        line=spot.line,
        message=spot.message,
        safe=spot.safe,
        sql=spot.operation.sql if spot.operation else (),
        suppressed=accepted.reason(rule.code, spot.line),
    )
