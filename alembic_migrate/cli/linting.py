"""The command that judges revisions before they run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from alembic_migrate.cli.declaring import command, flag, value
from alembic_migrate.cli.session import FINDINGS, Session, given
from alembic_migrate.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alembic_migrate.findings import Lint


@command(
    "lint",
    click.Argument(["revision_range"], required=False, metavar="[REVISION_RANGE]"),
    value("-r", "--rev-range", metavar="FROM:TO", help="The same as REVISION_RANGE."),
    value("--since", metavar="GITREF", help="The files that this branch of git adds or changes."),
    flag("--all-revisions", help="The whole history."),
    flag("--strict", help="Exit with 4 where there is a warning too."),
    flag("--squawk", help="Ask squawk too (PostgreSQL): pip install 'alembic-migrate[squawk]'."),
    value("--explain", metavar="RULE", help="Tell about a rule, by code or name; or list all."),
    example="alembic-db lint --since origin/main",
    formats=("sarif", "github", "gitlab"),
)
def lint(
    session: Session,
    *,
    revision_range: str | None,
    rev_range: str | None,
    strict: bool | None,
    explain: str | None,
    **typed: Any,
) -> int:
    """Judge revisions before they run.

    They are run without a database, for its dialect, and rules look at what they do. Without
    REVISION_RANGE, which may be one revision or FROM:TO, those are judged that the database does
    not have yet. The exit status is 4 where a finding is an error. A comment accepts one, with a
    reason: # alembic-db: ignore[ADB101] nothing reads it any more

    Its --format may be sarif, github (annotations) or gitlab (a code quality report) too.
    """
    if explain is not None:
        return _explain(session, explain)
    if revision_range is not None and rev_range is not None:
        raise UsageError("REVISION_RANGE and --rev-range are the same", hint="leave one away")
    asked = revision_range if rev_range is None else rev_range
    found = session.project.lint(asked, **given(**typed), report=session.report)
    _show(session, found)
    return FINDINGS if any(each.fails(strict=bool(strict)) for each in found) else 0


def _explain(session: Session, asked: str) -> int:
    from alembic_migrate.project import Project  # noqa: PLC0415 - help stays quick
    from alembic_migrate.render import lints  # noqa: PLC0415

    told = Project.lint_rules(None if asked == "all" else asked)
    session.results(
        told, lambda: lints.rule_list(told) if asked == "all" else lints.rule(told[0]), key="rules"
    )
    return 0


def _show(session: Session, found: Sequence[Lint]) -> None:
    from alembic_migrate.render import forges, lints, sarif  # noqa: PLC0415 - help stays quick

    form = session.options.format
    if form == "sarif":
        rules = session.project.lint_rules()
        session.document(sarif.document(found, rules, session.project.root))
    elif form in {"github", "gitlab"}:
        # Files are relative to where the command runs: in CI that is the repository.
        annotate = forges.github if form == "github" else forges.gitlab
        session.plain(annotate(found, Path.cwd()))
    else:
        options = session.options
        named = session.named
        session.results(found, lambda: lints.lints(found, named=named, verbose=options.verbose))


COMMANDS = (lint,)
