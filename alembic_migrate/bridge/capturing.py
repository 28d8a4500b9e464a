"""What revisions do, found out by running them offline: no database is touched.

They run in the environment that ``upgrade --sql`` uses: ours, or the folder's own ``env.py``, whose
dialect, models and arguments so count. One that connects although it is asked for a script is
refused.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from alembic_migrate.bridge.environment import Environment, Request, Work, run_environment
from alembic_migrate.bridge.noting import recording
from alembic_migrate.bridge.progress import Progress
from alembic_migrate.bridge.records import record
from alembic_migrate.events import ignore
from alembic_migrate.findings import Unrendered
from alembic_migrate.lint.operations import Captured

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from alembic.runtime.migration import MigrationContext
    from alembic.script import Script

    from alembic_migrate.bridge.recording import Recorded, Recorder
    from alembic_migrate.bridge.scripts import Scripts
    from alembic_migrate.events import Report
    from alembic_migrate.targets import Target


def capture(
    target: Target,
    scripts: Scripts,
    revisions: Sequence[str],
    *,
    downgrades: bool = False,
    report: Report = ignore,
) -> Iterator[Captured]:
    """Yield what revisions do, in the order given.

    An environment script that runs several databases yields each revision once for each of them.

    Args:
        target: the base; its URL names the dialect.
        scripts: its revision files.
        revisions: their whole ids.
        downgrades: run ``downgrade()`` too.
        report: is told what happens.

    Raises:
        AlembicMigrateError: the environment cannot be run: no URL, no models, a driver's dialect
            that is not installed, an ``env.py`` that fails or connects. What a revision raises is
            part of what is yielded.
    """
    found: list[list[Captured]] = []

    def work(_heads: Any, context: MigrationContext) -> Iterable[Any]:
        recorder = recording(context)
        chosen = (scripts.get_revision(each) for each in revisions)
        found.append([captured(target, recorder, one, downgrades=downgrades) for one in chosen])
        return ()

    run_offline(target, scripts, work, report)
    for of_each_database in zip(*found, strict=True):
        yield from of_each_database


def run_offline(
    target: Target,
    scripts: Scripts,
    work: Work,
    report: Report,
    *,
    start: Sequence[str] = (),
    destination: str = "heads",
    tag: str | None = None,
) -> None:
    """Run a target's environment for a script, and refuse that it connects.

    Args:
        target: the base.
        scripts: its revision files.
        work: gets the ids where the script starts and the context; returns Alembic's steps.
        report: is told what happens.
        start: ids that the script starts from.
        destination: what ``env.py`` is told that was asked for.
        tag: for the environment script.

    Raises:
        AlembicMigrateError: as ``capture``.
    """
    request = Request(
        "upgrade",
        work,
        report,
        sql=True,
        isolated=True,
        context={
            "starting_rev": tuple(start) or None,
            "destination_rev": destination,
            "tag": tag,
        },
        options={"tag": tag, "revision": destination},
    )
    progress = Progress(target, scripts, report)
    progress.offline = True
    with progress.explained(destination):
        run_environment(target, scripts, request)


def captured(target: Target, recorder: Recorder, script: Script, *, downgrades: bool) -> Captured:
    """Return what one revision does; to be called while its environment runs.

    Args:
        target: the base.
        recorder: in the environment's context.
        script: the revision.
        downgrades: run ``downgrade()`` too.
    """
    context = recorder.context
    up = _recorded(recorder, script, "upgrade")
    written = len(recorder.script)
    down = _recorded(recorder, script, "downgrade") if downgrades else None
    del recorder.script[written:]
    missing = Unrendered(None, "the file has no upgrade()")
    told = record(script)
    return Captured(
        revision=told.revision,
        message=told.message,
        file=told.path,
        down_revisions=told.down_revisions,
        dialect=context.dialect.name,
        transactional=_is_transactional(target, context),
        upgrade=up.operations if up is not None else (),
        downgrade=down.operations if down is not None else None,
        sql=up.sql if up is not None else (),
        unrendered=up.unrendered if up is not None else missing,
        downgrade_unrendered=down.unrendered if down is not None else None,
        without_sql=up.without_sql if up is not None else (),
        asks_offline=up.asks_offline if up is not None else None,
    )


def _recorded(recorder: Recorder, script: Script, name: str) -> Recorded | None:
    """Run a function of a revision, with what the environment script gives to each."""
    function = getattr(script.module, name, None)
    environment = recorder.context.environment_context
    given = environment.arguments if isinstance(environment, Environment) else {}
    return recorder.record(script, function, **given) if function is not None else None


def _is_transactional(target: Target, context: MigrationContext) -> bool:
    # Our own environment begins SQLite's transactions before the DDL, where Alembic's does not.
    ours = target.environment == "builtin" and context.dialect.name == "sqlite"
    if ours and target.config["transactional_ddl"] is None:
        return True
    return bool(context.impl.transactional_ddl)
