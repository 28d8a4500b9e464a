"""Findings as GitHub and GitLab show them beside the lines of a change.

GitHub reads workflow commands from the log ("Workflow commands for GitHub Actions"), GitLab a code
quality report ("Code Quality report format", a subset of Code Climate's).
"""

from __future__ import annotations

import hashlib
from collections import Counter
from typing import TYPE_CHECKING

from alembic_migrate.render.payload import dump

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from alembic_migrate.findings import Lint, LintFinding


def github(answers: Sequence[Lint], root: Path) -> str:
    """Return one workflow command a finding that counts.

    Args:
        answers: one a base.
        root: the folder that files are relative to: the repository's.
    """
    return "\n".join(_command(finding, root) for each in answers for finding in each.counted)


def gitlab(answers: Sequence[Lint], root: Path) -> str:
    """Return a code quality report: a JSON array with the findings that count.

    Args:
        answers: one a base.
        root: the folder that files are relative to: the repository's.
    """
    return dump(
        [
            {
                "description": finding.message,
                "check_name": title(finding),
                "fingerprint": fingerprint,
                "severity": "major" if finding.severity == "error" else "minor",
                "location": {
                    "path": relative(finding.file, root),
                    "lines": {"begin": finding.line},
                },
            }
            for answer in answers
            for finding, fingerprint in fingerprinted(answer.counted)
        ]
    )


def fingerprinted(findings: Sequence[LintFinding]) -> Iterator[tuple[LintFinding, str]]:
    """Yield findings with what stays the same when lines above them come and go."""
    seen: Counter[tuple[str, str, str]] = Counter()
    for finding in findings:
        same = (finding.code, finding.revision, finding.message)
        seen[same] += 1
        text = "\0".join((*same, str(seen[same])))
        yield finding, hashlib.sha256(text.encode()).hexdigest()


def title(finding: LintFinding) -> str:
    """Return a rule's code and, where that does not say it, its name."""
    is_said = finding.code.endswith(f":{finding.name}")
    return finding.code if is_said else f"{finding.code} {finding.name}"


def relative(file: Path, root: Path) -> str:
    """Return a path relative to a folder where it is below it, with slashes."""
    return (file.relative_to(root) if file.is_relative_to(root) else file).as_posix()


def _command(finding: LintFinding, root: Path) -> str:
    properties = {
        "file": relative(finding.file, root),
        "line": str(finding.line),
        "title": title(finding),
    }
    written = ",".join(f"{name}={_property(text)}" for name, text in properties.items())
    text = finding.message + (f"\n{finding.safe}" if finding.safe else "")
    return f"::{finding.severity} {written}::{_data(text)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
