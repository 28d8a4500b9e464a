"""The differences between models and a database."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from alembic_migrate.bridge.autogenerate import NewRevision, found_changes, revision_context
from alembic_migrate.bridge.environment import Request, run_environment, version_table_of
from alembic_migrate.bridge.forgetting import Forgotten, tell_forgotten
from alembic_migrate.bridge.progress import Progress
from alembic_migrate.bridge.state import check_heads

if TYPE_CHECKING:
    from alembic.runtime.migration import MigrationContext

    from alembic_migrate.bridge.scripts import Scripts
    from alembic_migrate.events import Report
    from alembic_migrate.results import Change
    from alembic_migrate.targets import Target


@dataclass(frozen=True)
class Differences:
    """How models and database differ.

    Attributes:
        database: the URL with its password masked.
        heads: ids in the version table, of each database that the environment runs.
        changes: the differences; nothing where a database is behind.
        left_out: tables that no revision of this history ever made.
        forgotten: tables whose models are not there, and probably should be.
    """

    database: str | None
    heads: tuple[tuple[str, ...], ...]
    changes: tuple[Change, ...]
    left_out: tuple[str, ...]
    forgotten: tuple[Forgotten, ...] = ()


def differences(target: Target, scripts: Scripts, report: Report) -> Differences:
    """Compare models and database; where the database is not at head, only say where it is.

    Raises:
        AlembicMigrateError: either of them cannot be read.
    """
    context = revision_context(target, scripts, NewRevision(autogenerate=True), None)
    seen: list[tuple[str, ...]] = []
    at_head = True

    def work(heads: Any, migration: MigrationContext) -> list[Any]:
        nonlocal at_head
        check_heads(target, scripts, heads, version_table_of(migration))
        seen.append(tuple(sorted(heads)))
        if set(scripts.get_revisions(tuple(heads))) == set(scripts.get_revisions("heads")):
            context.run_autogenerate(heads, migration)
        else:
            at_head = False
        return []

    request = Request(
        "check",
        work,
        report,
        reading=True,
        context={"template_args": context.template_args, "revision_context": context},
        options={"autogenerate": True},
    )
    with Progress(target, scripts, report).explained():
        environment = run_environment(target, scripts, request)
        return Differences(
            forgotten=tell_forgotten(environment, report),
            database=environment.database,
            heads=tuple(seen),
            changes=found_changes(context) if at_head else (),
            left_out=tuple(sorted(environment.ownership.left_out)),
        )
