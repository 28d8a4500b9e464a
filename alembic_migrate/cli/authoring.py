"""The commands that write files: folders, revisions, merges."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from alembic_migrate.cli.declaring import SQL, command, flag, revision, revisions, value, values
from alembic_migrate.cli.session import FINDINGS, Session, given
from alembic_migrate.render import authoring, runs
from alembic_migrate.render import sums as texts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alembic_migrate.results import Written

_MESSAGE = value("-m", "--message", metavar="TEXT", help="What the revision does, in a few words.")
_SPLICE = flag("--splice", help="Allow a parent that is not a head.")
_BRANCH_LABEL = value("--branch-label", metavar="LABEL", help="A name for the new branch.")
_REV_ID = value("--rev-id", metavar="ID", help="The revision's id instead of a made one.")
_SCRATCH = flag(
    "--scratch", help="Compare with the history, replayed in a scratch database that is dropped."
)
_PLACING = (
    value("--head", metavar="REVISION", help="The revision it follows instead of the head."),
    _SPLICE,
    _BRANCH_LABEL,
    value("--version-path", metavar="DIR", help="Where to write it, of several version_locations."),
    _REV_ID,
    values("--depends-on", metavar="REVISION", help="A revision that runs first. Repeatable."),
)


@command(
    "init",
    click.Argument(["folder"], required=False, metavar="[DIR]", type=click.Path()),
    value(
        "-t",
        "--template",
        metavar="NAME",
        help="A template's name (see list-templates), or a path with a slash in it.",
    ),
    flag("--package", help="Write __init__.py files too, so that the folder can be imported."),
    flag("--multidb", help="The same as --all: a folder for every base."),
    example="alembic-db init --all",
)
def init(session: Session, *, folder: str | None, **typed: Any) -> None:
    """Make the migrations folder of a base.

    Where there is a pyproject.toml without a table for this tool, it is given a commented one.
    """
    made = session.project.init(folder, **given(**typed))
    session.done(made, lambda: authoring.initialised(made, named=session.named))


@command("list-templates", example="alembic-db list-templates")
def list_templates(session: Session) -> None:
    """List the templates that init can make a folder from."""
    found = session.project.list_templates()
    session.results(found, lambda: authoring.templates(found), key="templates")


@command(
    "revision",
    _MESSAGE,
    flag("--autogenerate", help="Fill it with the differences of the models to the database."),
    _SCRATCH,
    SQL,
    *_PLACING,
    example='alembic-db revision -m "split the name of an author"',
)
def new_revision(session: Session, **typed: Any) -> None:
    """Write a new revision.

    It is empty unless --autogenerate is given.
    """
    _show(session, session.project.revision(**given(**typed), report=session.report))


@command(
    "migrate",
    _MESSAGE,
    _SCRATCH,
    SQL,
    *_PLACING,
    example='alembic-db migrate --base reporting -m "add the year of a book"',
)
def migrate(session: Session, **typed: Any) -> None:
    """Write a revision that takes the database to the models.

    Where there is nothing to do, nothing is written and the exit status is 0.
    """
    _show(session, session.project.migrate(**given(**typed), report=session.report))


@command(
    "merge",
    revisions("[REVISIONS=heads]..."),
    _MESSAGE,
    _BRANCH_LABEL,
    _REV_ID,
    _SPLICE,
    example='alembic-db merge heads -m "merge two branches"',
)
def merge(session: Session, *, revisions: Sequence[str], **typed: Any) -> None:
    """Write a revision that joins several heads into one."""
    given_values = given(**typed)
    _show(session, session.project.merge(revisions, **given_values, report=session.report))


@command("edit", revision("[REVISION=head]"), example="alembic-db edit head", terminal=True)
def edit(session: Session, **typed: Any) -> None:
    """Open a revision in an editor.

    VISUAL or EDITOR names the editor. REVISION may be "current": what the database is at.
    """
    paths = session.project.edit(**given(**typed), report=session.report)
    session.results(paths, lambda: "", key="files")


@command(
    "sum",
    flag("--write", help="Write alembic-db.sum anew from the files as they are."),
    example="alembic-db sum --write --base app",
)
def sums(session: Session, **typed: Any) -> int:
    """Compare the revision files with alembic-db.sum.

    With sum = true that file knows each revision file as it was written. The exit status is 4 where
    one was edited, taken away or added by hand, or where git left a merge conflict.
    """
    found = session.project.sum(**given(**typed))
    tell = session.done if typed["write"] else session.results
    tell(found, lambda: texts.sums(found, named=session.named))
    return FINDINGS if any(each.findings for each in found) else 0


def _show(session: Session, made: Sequence[Written]) -> None:
    if any(each.sql is not None for each in made):
        session.results(made, lambda: runs.script(made, named=session.named))
    else:
        session.done(made, lambda: authoring.written(made, named=session.named))


COMMANDS = (init, list_templates, new_revision, migrate, edit, merge, sums)
