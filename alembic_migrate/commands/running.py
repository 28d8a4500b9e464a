"""upgrade, downgrade, stamp, ensure-version: what changes databases.

Alembic is only imported where there is something to do, or where only it can tell that.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from alembic_migrate.bridge.sums import warn_of_sums
from alembic_migrate.bridge.upgrading import upgrade as upgrade_one
from alembic_migrate.commands.each import Over, each, is_fixed, is_symbol, one
from alembic_migrate.databases.urls import identity, mask
from alembic_migrate.errors import AlembicMigrateError, ConfigError, ConsentError, UsageError

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from alembic_migrate.events import Report
    from alembic_migrate.results import Run
    from alembic_migrate.targets import Target


def upgrade(
    targets: Sequence[Target],
    revision: str,
    *,
    sql: bool,
    tag: str | None,
    confirm: Collection[str],
    over: Over[Run],
    report: Report,
) -> tuple[Run, ...]:
    """Bring databases up to a revision.

    Args:
        targets: the bases, in the order in which they run.
        revision: ``head``, ``heads``, an id or its beginning, ``+2``, ``id+1``, ``label@head``, and
            with ``sql`` a range ``from:to``.
        sql: write the script instead of running it.
        tag: for the environment script's ``context.get_tag_argument()``.
        confirm: protected bases on which a rehearsal is meant.
        over: goes over the bases.
        report: is told what happens.

    Raises:
        UsageError: a rehearsal together with ``sql``.
        ConsentError: a rehearsal on a protected base was not confirmed; nothing was done.
        AlembicMigrateError: as ``over``.
    """
    if sql and any(t.rehearsing for t in targets):
        raise UsageError("--rehearse and --sql exclude each other", hint="leave one of them away")
    _one_id(targets, (revision,))
    check_upgrade(targets, confirm, report)
    work = partial(upgrade_one, revision=revision, sql=sql, tag=tag)
    again = is_fixed(revision)
    if sql or all(target.tenant is None for target in targets):
        return over(targets, work, repeatable=again)
    from alembic_migrate.commands.sharing import prepared  # noqa: PLC0415 - for tenants

    return over(
        targets,
        work,
        beforehand=lambda some: prepared(some, revision, report),
        repeatable=again,
    )


def check_upgrade(targets: Sequence[Target], confirm: Collection[str], report: Report) -> None:
    """Refuse to upgrade bases that are not to be, or not together; warn of edited revisions.

    Args:
        targets: the bases.
        confirm: protected ones on which a rehearsal is meant.
        report: is told of revision files that are not as they were summed.

    Raises:
        ConsentError: a rehearsal on a protected base was not confirmed.
        ConfigError: two bases share a database and a version table in it.
    """
    rehearsed = [t for t in targets if t.rehearsing]
    _consent(rehearsed, confirm, "a rehearsal", "takes locks")
    _distinct(targets)
    warn_of_sums(targets, report)


def downgrade(
    targets: Sequence[Target],
    revision: str,
    *,
    sql: bool,
    tag: str | None,
    confirm: Collection[str],
    over: Over[Run],
    report: Report,
) -> tuple[Run, ...]:
    """Take databases back to a revision; a protected base wants its name in ``confirm``.

    Raises:
        ConsentError: a protected base was not confirmed; nothing was done.
        AlembicMigrateError: as ``over``.
    """
    _one_id(targets, (revision,))
    if not sql:
        _consent(targets, confirm, "downgrade")
    _distinct(targets)
    warn_of_sums(targets, report)
    from alembic_migrate.bridge import running  # noqa: PLC0415 - imports Alembic

    several = len(targets) > 1
    work = partial(running.downgrade, revision=revision, sql=sql, tag=tag, base_is_fine=several)
    return over(targets, work, repeatable=is_fixed(revision))


def stamp(
    targets: Sequence[Target],
    revisions: Sequence[str],
    *,
    sql: bool,
    tag: str | None,
    purge: bool,
    confirm: Collection[str],
    over: Over[Run],
    report: Report,
) -> tuple[Run, ...]:
    """Write revisions into version tables without running anything.

    Raises:
        ConsentError: ``purge`` on a protected base that was not confirmed; nothing was done.
        AlembicMigrateError: as ``over``.
    """
    _one_id(targets, revisions)
    if purge:
        _consent(targets, confirm, "stamp --purge")
    _distinct(targets)
    warn_of_sums(targets, report)
    from alembic_migrate.bridge import running  # noqa: PLC0415 - imports Alembic

    work = partial(running.stamp, revisions=revisions, sql=sql, tag=tag, purge=purge)
    return over(targets, work, repeatable=all(map(is_fixed, revisions)))


def ensure_version(targets: Sequence[Target], *, sql: bool, over: Over[Run]) -> tuple[Run, ...]:
    """Make the version tables where there are none."""
    _distinct(targets)
    from alembic_migrate.bridge import running  # noqa: PLC0415 - imports Alembic

    return over(targets, partial(running.ensure_version, sql=sql), repeatable=True)


def resolve(
    targets: Sequence[Target], revision: str, *, applied: bool, report: Report
) -> tuple[Run, ...]:
    """Say what a half-applied revision is; version table and journal follow.

    Raises:
        AlembicMigrateError: as ``resolve_revision``.
    """
    one(targets, f"the revision {revision}")
    from alembic_migrate.bridge.resolving import resolve_revision  # noqa: PLC0415 - imports Alembic

    return each(
        targets,
        lambda t: resolve_revision(t, revision, applied=applied, report=report),
        keep_going=False,
    )


def _one_id(targets: Sequence[Target], revisions: Sequence[str]) -> None:
    for revision in revisions:
        if not is_symbol(revision):
            one(targets, f"the revision {revision}")


def _distinct(targets: Sequence[Target]) -> None:
    """Refuse two bases with one version table, now that each base's own URL is known.

    What the files say was compared already; a URL of ``get_base()`` is only known here.

    Raises:
        ConfigError: two bases share a database and a version table in it.
    """
    seen: dict[tuple[object, ...], str] = {}
    for target in targets if len(targets) > 1 else ():
        if target.environment != "builtin" or target.config["engine"] is not None:
            continue  # they may connect elsewhere
        try:
            url = target.url
        except AlembicMigrateError:
            continue  # told when it is this base's turn
        # Another user, or another search path, may mean another schema; a file has none.
        told = "" if url.get_backend_name() == "sqlite" else repr(url.query)
        table = (url.username, told, target.version_table_schema, target.version_table)
        other = seen.setdefault((*identity(url), *table), target.name)
        if other != target.name:
            raise ConfigError(
                f'bases "{other}" and "{target.name}" have the same database and the same version '
                f'table, "{target.version_table}" ({mask(url)})',
                hint="give one of them a table of its own, below [tool.alembic-migrate.bases."
                f'{target.name}]:\nversion_table = "alembic_version_{target.name}"',
            )


def _consent(
    targets: Sequence[Target], confirm: Collection[str], verb: str, why: str = "may lose data"
) -> None:
    protected = dict.fromkeys(t.name for t in targets if t.config["protected"])
    missing = [name for name in protected if name not in confirm]
    if missing:
        flags = " ".join(f"--confirm {name}" for name in missing)
        raise ConsentError(
            f"{', '.join(missing)}: protected = true, and {verb} {why}; nothing was done",
            hint=f"if it is meant: add {flags}",
            data={"bases": missing},
        )
