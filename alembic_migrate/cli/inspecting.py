"""The commands that read: revision files, databases, and what differs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from alembic_migrate.cli.declaring import command, flag, revision, value
from alembic_migrate.cli.session import FINDINGS, Session, given
from alembic_migrate.errors import UsageError
from alembic_migrate.render import checks, journals, places
from alembic_migrate.render import revisions as text_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alembic_migrate.results import Current, Status


@command(
    "current",
    flag("-c", "--check-heads", help="Exit with 4 unless every database is at all its heads."),
    flag("--head-only", help="Without effect: heads are marked anyway."),
    example="alembic-db current --all",
)
def current(session: Session, *, check_heads: bool | None, head_only: bool | None) -> int:
    """Show the revisions that databases are at."""
    if head_only:
        session.warn("--head-only has no effect any more: every head is marked (head)")
    found: Sequence[Current] = session.project.current(report=session.report)
    verbose = session.options.verbose
    session.results(found, lambda: places.current(found, named=session.named, verbose=verbose))
    if not check_heads or all(each.at_head for each in found):
        return 0
    session.remark(places.behind(found, named=session.named))
    return FINDINGS


@command(
    "heads",
    flag("--resolve-dependencies", help="Take what a revision depends on for its parent too."),
    example="alembic-db heads -v",
)
def heads(session: Session, **typed: Any) -> None:
    """Show the heads: revisions that nothing follows."""
    found = session.project.heads(**given(**typed), report=session.report)
    session.results(found, lambda: text_of.heads(found, verbose=session.options.verbose))


@command("branches", example="alembic-db branches -v")
def branches(session: Session) -> None:
    """Show the revisions that more than one revision follows."""
    found = session.project.branches(report=session.report)
    session.results(found, lambda: text_of.branches(found, verbose=session.options.verbose))


@command("show", revision("[REVISION=head]"), example="alembic-db show current")
def show(session: Session, **typed: Any) -> None:
    """Show all about one revision.

    REVISION may be "current": what the database is at.
    """
    found = session.project.show(**given(**typed), report=session.report)
    session.results(found, lambda: text_of.show(found))


@command(
    "history",
    value("-r", "--rev-range", metavar="FROM:TO", help="A part of it; FROM or TO may be current."),
    flag("-i", "--indicate-current", help="Mark what the database is at."),
    flag("--applied", help="What was run on the database, from its journal (journal = true)."),
    example="alembic-db history -r-3:head",
)
def history(session: Session, *, applied: bool | None, **typed: Any) -> None:
    """List the revisions, the newest first."""
    if applied:
        if given(**typed):
            raise UsageError(
                "history --applied shows the whole journal: no --rev-range, no --indicate-current",
                hint="alembic-db history --applied",
            )
        kept = session.project.journal()
        session.results(kept, lambda: journals.journals(kept, named=session.named))
        return
    found = session.project.history(**given(**typed), report=session.report)
    session.results(
        found,
        lambda: text_of.history(
            found,
            verbose=session.options.verbose,
            indicate_current=bool(typed["indicate_current"]),
        ),
    )


@command(
    "check",
    flag(
        "--scratch",
        help="Compare the models with the history, replayed in a scratch database, so that it "
        "does not matter what is pending.",
    ),
    flag("--drift", help="Look for changes by hand in the database too; implies --scratch."),
    example="alembic-db check --all --drift",
)
def check(session: Session, **typed: Any) -> int:
    """Look for pending revisions and for changes of the models.

    A change is what no revision makes. Without --scratch the models are compared with the database,
    where nothing is pending. The exit status is 4 where anything is found.
    """
    found = session.project.check(**given(**typed), report=session.report)
    quiet = session.options.quiet
    session.results(found, lambda: checks.checks(found, named=session.named, quiet=quiet))
    return FINDINGS if any(each.findings for each in found) else 0


@command(
    "status",
    flag("--exit-code", help="Exit with 4 unless every base is at head."),
    example="alembic-db status --exit-code",
)
def status(session: Session, *, exit_code: bool | None) -> int:
    """Show where every base is and what is pending."""
    found: Sequence[Status] = session.project.status(report=session.report)
    session.results(
        found,
        lambda: places.status(
            found,
            named=session.named,
            colour=session.colour,
            width=session.width,
            verbose=session.options.verbose,
        ),
    )
    at_head = all(each.state == "at head" for each in found)
    return FINDINGS if exit_code and not at_head else 0


COMMANDS = (current, heads, branches, show, history, check, status)
