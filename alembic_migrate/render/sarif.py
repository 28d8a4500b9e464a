"""Findings as SARIF 2.1.0 (OASIS, "Static Analysis Results Interchange Format")."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from alembic_migrate.render.forges import fingerprinted, relative
from alembic_migrate.render.words import indented
from alembic_migrate.version import VERSION

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from alembic_migrate.findings import Lint, LintFinding, LintRule

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_ROOT = "PROJECTROOT"
_SQUAWK = "https://squawkhq.com/docs"


def document(answers: Sequence[Lint], rules: Sequence[LintRule], root: Path) -> dict[str, Any]:
    """Return the findings as one SARIF log with one run; accepted ones are suppressed in it.

    Args:
        answers: one a base.
        rules: every rule.
        root: the project's, which files are relative to.
    """
    findings = [finding for each in answers for finding in each.findings]
    described = [*map(_rule, rules), *_of_squawk(findings)]
    places = {rule["id"]: place for place, rule in enumerate(described)}
    return {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {"name": "alembic-db", "version": VERSION, "rules": described},
                },
                "columnKind": "unicodeCodePoints",
                "originalUriBaseIds": {_ROOT: {"uri": f"{root.as_uri()}/"}},
                "results": [
                    _result(finding, fingerprint, places[finding.code], root)
                    for finding, fingerprint in fingerprinted(findings)
                ],
            }
        ],
    }


def _rule(rule: LintRule) -> dict[str, Any]:
    markdown = "\n\n".join([rule.why, "Instead of", _fenced(rule.bad), "write", _fenced(rule.good)])
    plain = "\n\n".join([rule.why, "Instead of", indented(rule.bad), "write", indented(rule.good)])
    return {
        "id": rule.code,
        "name": rule.name,
        "shortDescription": {"text": rule.summary},
        "fullDescription": {"text": rule.why},
        "help": {"text": plain, "markdown": markdown},
        "defaultConfiguration": {"level": rule.severity},
        "properties": {"tags": [rule.category, *rule.dialects]},
    }


def _of_squawk(findings: Sequence[LintFinding]) -> Iterator[dict[str, Any]]:
    """Yield the rules of the second engine, as far as it found anything."""
    for finding in {each.code: each for each in findings if each.engine == "squawk"}.values():
        yield {
            "id": finding.code,
            "name": finding.name,
            "shortDescription": {"text": finding.message},
            "helpUri": f"{_SQUAWK}/{finding.name}",
            "help": {"text": finding.safe or finding.message},
            "defaultConfiguration": {"level": "warning"},
            "properties": {"tags": ["squawk", "postgresql"]},
        }


def _result(finding: LintFinding, fingerprint: str, place: int, root: Path) -> dict[str, Any]:
    text = finding.message + (f"\n\n{finding.safe}" if finding.safe else "")
    result = {
        "ruleId": finding.code,
        "ruleIndex": place,
        "level": finding.severity,
        "message": {"text": text},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": _artifact(finding.file, root),
                    "region": {"startLine": finding.line},
                }
            }
        ],
        "partialFingerprints": {"alembicDb/v1": fingerprint},
        "properties": {"revision": finding.revision},
    }
    if finding.suppressed is not None:
        result["suppressions"] = [
            {"kind": "inSource", "status": "accepted", "justification": finding.suppressed}
        ]
    return result


def _artifact(file: Path, root: Path) -> dict[str, str]:
    if file.is_relative_to(root):
        return {"uri": quote(relative(file, root)), "uriBaseId": _ROOT}
    return {"uri": file.as_uri()}


def _fenced(code: str) -> str:
    return f"```python\n{code}\n```"
