"""Engines like others, with pools to themselves."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sqlalchemy.engine import Engine

from alembic_migrate.databases.connecting import open_engine, sync_of

if TYPE_CHECKING:
    from sqlalchemy.engine import URL, Dialect
    from sqlalchemy.ext.asyncio import AsyncEngine
    from sqlalchemy.pool import Pool


@dataclass(frozen=True)
class OfOneDatabase:
    """Makes engines of a URL, the last of which share what the first found out and compiled.

    A run connects several times: to look, to hold its lock, to migrate. SQLAlchemy asks the server
    each time an engine is new what it needs to know of it.

    Attributes:
        known: the URL that was asked for last, and an engine for it. A URL is no key: the path of a
            file may hold what cannot be encoded.
        temporary: the engines are disposed of after use.
    """

    known: list[tuple[URL, Engine | AsyncEngine]] = field(default_factory=list)
    temporary: bool = True

    def __call__(self, url: URL) -> Engine | AsyncEngine:
        """Return an engine; nothing is connected yet.

        Raises:
            ConfigError: as ``open_engine``.
        """
        if not self.known or self.known[0][0] != url:
            self.known[:] = [(url, open_engine(url))]
        made = self.known[0][1]
        return twin(made) if isinstance(made, Engine) else type(made)(twin(made))


def twin(made: Engine | AsyncEngine) -> Engine:
    """Return an engine like one of ours, which shares the statements that it compiles."""
    engine = sync_of(made)
    return alike(engine, engine.pool.recreate())


def alike(engine: Engine, pool: Pool) -> Engine:
    """Return an engine like one of ours, which shares the statements that it compiles.

    Args:
        engine: ours.
        pool: where the other one has its connections from.
    """
    other = _with_pool(engine, pool)
    other._compiled_cache = engine._compiled_cache  # noqa: SLF001 - there is no other way
    return other


def apart(engine: Engine, dialect: Dialect | None = None) -> Engine:
    """Return an engine like a project's own, listeners included, with a pool to itself.

    The project's pool may hold one connection only, and the migration needs that one; and the
    settings of ours are not for whom it would give it to next.

    Args:
        engine: the project's.
        dialect: in place of the engine's.
    """
    return _with_pool(engine, engine.pool.recreate(), dialect)


def _with_pool(engine: Engine, pool: Pool, dialect: Dialect | None = None) -> Engine:
    other = Engine(
        pool,
        dialect or engine.dialect,
        engine.url,
        execution_options=engine.get_execution_options(),
        hide_parameters=engine.hide_parameters,
    )
    # As SQLAlchemy does it itself for the engines of ``execution_options()``.
    other.dispatch._update(engine.dispatch)  # noqa: SLF001
    other._has_events = engine._has_events  # noqa: SLF001
    return other
