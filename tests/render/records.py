"""Records for tests, each with as little said as may be."""

from __future__ import annotations

from pathlib import Path

from alembic_migrate.findings import Lint, LintFinding
from alembic_migrate.results import Revision, Run, Step


def a_revision(revision="b", down=("a",), **facts):
    values = {
        "revision": revision,
        "down_revisions": down,
        "depends_on": (),
        "branch_labels": (),
        "message": "text",
        "doc": "text",
        "path": Path("versions", f"{revision}.py"),
        "next_revisions": (),
        "is_head": True,
        "is_effective_head": True,
        "is_branch_point": False,
        "is_merge_point": False,
    }
    return Revision(**{**values, **facts})


def a_run(base="app", verb="upgrade", before=("a",), after=("b",), heads=("b",), **facts):
    steps = facts.pop("steps", tuple(Step(each, "text", 0.5) for each in after))
    return Run(base, verb, "sqlite:///app.db", before, after, heads, steps, **facts)


def a_lint_finding(code="ADB101", name="drop-table", severity="error", line=3, **facts):
    values = {
        "category": "destructive",
        "revision": "b",
        "file": Path("versions", "b.py"),
        "message": "it is lost",
        "safe": 'op.rename_table("book")\n\n# later',
    }
    return LintFinding(code, name, severity=severity, line=line, **{**values, **facts})


def a_lint(*findings, base="app", scope="pending revisions", revisions=("b",)):
    return Lint(base, scope, "sqlite" if revisions else None, revisions, findings)
