"""Histories replayed on scratch databases."""

from __future__ import annotations

import contextlib
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sqlalchemy.engine import Engine
from sqlalchemy.exc import DBAPIError

from alembic_migrate.bridge.job import Job
from alembic_migrate.config.base import Origin, Setting
from alembic_migrate.databases.confining import confined, hasty
from alembic_migrate.databases.connecting import guarded, run_on
from alembic_migrate.databases.faults import first_line
from alembic_migrate.databases.scratch import scratch
from alembic_migrate.databases.threads import quiet_threads
from alembic_migrate.databases.urls import mask, parse_url
from alembic_migrate.errors import ConfigError, DatabaseError, MigrationError
from alembic_migrate.events import quietly

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy.engine import URL, Connection
    from sqlalchemy.ext.asyncio import AsyncEngine

    from alembic_migrate.bridge.scripts import Scripts
    from alembic_migrate.databases.connecting import EngineFactory
    from alembic_migrate.events import Report
    from alembic_migrate.results import Run
    from alembic_migrate.targets import Target

_MEND = (
    'env.py has to take its URL from config.get_main_option("sqlalchemy.url"), an engine hook from '
    'its argument; env = "builtin" does without env.py'
)

# What is another matter on a database that nobody else uses and that is thrown away.
_ON_SCRATCH: dict[str, Any] = {
    "migrate_url": None,
    "lock": "off",
    "lock_retries": 0,
    "lock_timeout": None,
    "statement_timeout": None,
    "journal": False,
    "protected": False,
    "tenants": None,
}


# What a target finds out once.
_KEPT = ("folder", "environment", "models")


@contextmanager
def on_scratch(target: Target) -> Iterator[Target]:
    """Make a scratch database, hand out a target like the given one on it, and drop it.

    Meanwhile every connection that this context makes has to lead there: a database of the base's
    own can be read before and after, not in between.

    Args:
        target: the base; its own database is asked for nothing, and its URL is not read where
            ``scratch_url`` is set.

    Raises:
        ConfigError: there is no URL, or no scratch database can be made of this kind.
        DatabaseError: the server is unreachable, or refuses to make one.
    """
    with made_for(target) as there, confinement(there):
        yield there


@contextmanager
def made_for(target: Target) -> Iterator[Target]:
    """Do as ``on_scratch``, without confining what runs meanwhile.

    Raises:
        AlembicMigrateError: as ``on_scratch``.
    """
    timeout = target.connect_timeout
    # With a server of its own the hook, which may know another one, is not asked to lead there.
    factory = target.engine_factory if target.config["scratch_url"] is None else None
    with (
        scratch(_server(target), factory=factory, timeout=timeout) as url,
        contextlib.ExitStack() as engines,
    ):
        there = _moved(target, url, engines)
        _set_up(there)
        try:
            yield there
        finally:
            _share(there, target)


@contextmanager
def confinement(there: Target) -> Iterator[None]:
    """Refuse meanwhile whatever would reach another database than a target's scratch database.

    Args:
        there: what ``made_for`` handed out.

    Raises:
        AlembicMigrateError: as ``confined``.
    """
    shared = there.config["scratch_url"] is None
    with confined(there.url, shared=shared, mend=_MEND), hasty(there.url):
        yield


def replay(target: Target, scripts: Scripts, to: str | tuple[str, ...], report: Report) -> Run:
    """Upgrade a scratch database.

    Args:
        target: what ``on_scratch`` handed out.
        scripts: the revision files.
        to: a revision, or several.
        report: is told what happens.

    Raises:
        AlembicMigrateError: a revision is unknown or fails.
    """
    destinations = (to,) if isinstance(to, str) else to
    asked = ", ".join(destinations) or "base"

    def plan(heads: Any) -> list[Any]:
        wanted: Any = destinations  # Alembic takes several as well
        return scripts._upgrade_revs(wanted, heads) if wanted else []  # noqa: SLF001 - as Job's

    return Job(target, scripts, "upgrade", report, asked=asked, plan=plan).run(destinations)


def replay_for(target: Target, scripts: Scripts, to: str | tuple[str, ...], report: Report) -> None:
    """Upgrade a scratch database on the way to something else; its steps are not reported.

    Raises:
        AlembicMigrateError: as ``replay``; where a revision fails, it is told where that was.
    """
    try:
        replay(target, scripts, to, quietly(report))
    except MigrationError as error:
        raise MigrationError(
            f"{error.message} (in a scratch database, where the history was replayed)",
            hint="the history has to run on an empty database; what it expects there besides: "
            'scratch_setup = ["CREATE EXTENSION citext"]',
            data={key: error.data[key] for key in ("revision",) if key in error.data},
        ) from error


def server_of(target: Target) -> str | None:
    """Return the URL, its password masked, that leads to the server of scratch databases.

    It is None for SQLite, which has no server.

    Raises:
        ConfigError: there is no URL.
    """
    url = _server(target)
    return None if url.get_backend_name() == "sqlite" else mask(url)


def _server(target: Target) -> URL:
    """Return the URL that leads to the server where the scratch database is made."""
    if target.config["scratch_url"] is None:
        return replace(target, migrating=True).url if target.config["migrate_url"] else target.url
    origin = target.config.origin("scratch_url").text
    found = parse_url(str(target.config["scratch_url"]), f"{target.title} ({origin})")
    try:
        own = target.configured_url()
    except ConfigError:  # a scratch database is made without one
        own = None
    kinds = {url.get_backend_name() for url in (own, found) if url is not None}
    if len({kind.replace("mariadb", "mysql") for kind in kinds}) > 1:
        raise ConfigError(
            f"{target.prefix}url and scratch_url are of two kinds: {' and '.join(sorted(kinds))}",
            hint=f"name a server of the kind that url has ({origin})",
        )
    return found


def _moved(target: Target, url: URL, engines: contextlib.ExitStack) -> Target:
    """Return a target like another one that works on a scratch database."""
    origin = Origin("flag", "a scratch database")
    values = _ON_SCRATCH | {"url": url.render_as_string(hide_password=False)}
    settings = {key: Setting(value, origin) for key, value in values.items()}
    config = replace(
        target.config,
        settings={**target.config.settings, **settings},
        errors={key: error for key, error in target.config.errors.items() if key not in values},
    )
    # A tenant's history is the base's, and here is no schema but the default one.
    base = replace(target, tenant=None)
    there = replace(base, config=config, migrating=False, rehearsing=False, wait=0.0)
    _share(target, there)
    if (hook := base.hook("engine")) is not None:
        there.__dict__.update(engine_factory=_closing(hook, url, engines))
    return there


def _share(known: Target, other: Target) -> None:
    """Let a target know what another one of the same base has found out: it is not asked again."""
    for key in _KEPT:
        if key in known.__dict__:
            other.__dict__.setdefault(key, known.__dict__[key])


def _closing(hook: EngineFactory, url: URL, engines: contextlib.ExitStack) -> EngineFactory:
    """Return an ``engine`` hook whose engines for a scratch database are closed with it."""

    def make(asked: URL) -> Engine | AsyncEngine:
        engine = hook(asked)
        if isinstance(engine, Engine) and engine.url.database == url.database:
            engines.callback(engine.dispose)
        return engine

    return make


def _set_up(there: Target) -> None:
    """Give a scratch database what a history expects: a schema, and what ``scratch_setup`` says.

    Raises:
        ConfigError: the version table would be in another database.
        DatabaseError: a statement fails.
    """
    statements = list(there.config["scratch_setup"] or ())
    schema, url = there.version_table_schema, there.url
    if schema is not None and url.get_backend_name() in {"mysql", "mariadb"}:
        raise ConfigError(
            f"{there.prefix}version_table_schema = {schema!r} is a database of its own on "
            f"{url.get_backend_name()}: a scratch database cannot stand for it",
            hint="leave version_table_schema away",
        )
    if schema is not None and url.get_backend_name() == "postgresql":
        quoted = url.get_dialect()().identifier_preparer.quote_identifier(schema)
        statements.insert(0, f"CREATE SCHEMA IF NOT EXISTS {quoted}")
    if not statements:
        return

    def run(connection: Connection) -> None:
        plain = connection.execution_options(isolation_level="AUTOCOMMIT", no_parameters=True)
        for statement in statements:
            try:
                plain.exec_driver_sql(statement)
            except DBAPIError as error:
                raise DatabaseError(
                    f"{there.prefix}a scratch database could not be set up: {statement}: "
                    f"{first_line(error)}",
                    hint="correct scratch_setup",
                ) from error

    timeout = there.connect_timeout
    with confinement(there), quiet_threads(), guarded(timeout=timeout, reading=False):
        run_on(url, run, there.engine_factory)
