"""The command that shows what would run, before it does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from alembic_migrate.cli.declaring import TAG, command, flag, revision
from alembic_migrate.cli.session import Session, given
from alembic_migrate.render import plans

if TYPE_CHECKING:
    from alembic_migrate.plans import Plan


@command(
    "plan",
    revision("[REVISION=head]"),
    click.Option(
        ["--out"],
        metavar="FILE",
        type=click.Path(dir_okay=False),
        help="Keep the plan in a file, for: upgrade --plan FILE.",
    ),
    TAG,
    flag("--no-lint", help="Without what lint has to say."),
    example="alembic-db plan --out plan.json",
)
def plan(session: Session, *, no_lint: bool | None, **typed: Any) -> None:
    """Show the SQL that upgrade would run.

    From where the database is, to REVISION, which is what upgrade takes. What lint has to say
    stands above the statement that it is about; what cannot be rendered without a connection is
    named. Nothing is changed.
    """
    verb = session.project.plan
    found: tuple[Plan, ...] = verb(**given(**typed), lint=not no_lint, report=session.report)
    session.results(found, lambda: plans.plans(found, named=session.named))
    if typed["out"]:
        session.remark(f"Wrote {typed['out']}")


COMMANDS = (plan,)
