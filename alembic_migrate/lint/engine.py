"""The rules held against one captured revision."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from alembic_migrate.findings import LintFinding
from alembic_migrate.lint.rule import DEFAULT_SEVERITY
from alembic_migrate.lint.rules import RULES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from alembic_migrate.findings import Severity
    from alembic_migrate.lint.operations import Captured
    from alembic_migrate.lint.rule import Rule, Spot

_AS_BY_DEFAULT: Mapping[str, Severity] = MappingProxyType({})


def judge(
    captured: Captured, severities: Mapping[str, Severity] = _AS_BY_DEFAULT
) -> tuple[LintFinding, ...]:
    """Return what the rules find in a revision, by line and then by code.

    Args:
        captured: the revision, run offline.
        severities: what the configuration makes of a rule's code, of its name or of its category;
            the nearest of these counts. What is ``off`` is not found.
    """
    findings = (
        _finding(captured, rule, spot, severity)
        for rule in RULES
        if rule.concerns(captured.dialect) and (severity := severity_of(rule, severities)) != "off"
        for spot in rule.look(captured)
    )
    return tuple(sorted(findings, key=lambda finding: (finding.line, finding.code)))


def severity_of(rule: Rule, severities: Mapping[str, Severity]) -> Severity:
    """Return what the configuration makes of a rule."""
    said = (severities.get(key) for key in (rule.code, rule.name, rule.category))
    return next((each for each in said if each), DEFAULT_SEVERITY[rule.category])


def _finding(captured: Captured, rule: Rule, spot: Spot, severity: Severity) -> LintFinding:
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
    )
