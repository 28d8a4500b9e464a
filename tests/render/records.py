"""Records for tests, each with as little said as may be."""

from __future__ import annotations

from pathlib import Path

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
