"""verify: a history tried on a scratch database."""

from __future__ import annotations

from alembic_migrate.cli.declaring import command, flag
from alembic_migrate.cli.session import FINDINGS, Session
from alembic_migrate.render import verifications


@command(
    "verify",
    flag("--no-down", help="Leave the downgrades out, and the upgrades after them."),
    example="alembic-db verify --no-down",
)
def verify(session: Session, *, no_down: bool | None) -> int:
    """Try the history on a scratch database.

    Up, revision by revision; compared with the models; down, where nothing may be left behind; and
    up again. Every base unless some are chosen; none of their own databases is touched. The exit
    status is 4 where there are findings.
    """
    found = session.project.verify(down=not no_down, report=session.report)
    options = session.options
    session.results(
        found,
        lambda: verifications.verifications(
            found, named=session.named, verbose=options.verbose, quiet=options.quiet
        ),
    )
    return 0 if all(each.ok for each in found) else FINDINGS


COMMANDS = (verify,)
