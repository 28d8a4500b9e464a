"""The package's own environment script: online, offline, sync or async, whatever the URL says."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING, Any, Protocol

from alembic_migrate.bridge.arguments import configure_arguments
from alembic_migrate.databases.connecting import run_on

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from sqlalchemy.engine import Connection

    from alembic_migrate.targets import Target


class Context(Protocol):
    """What both an ``EnvironmentContext`` and the module ``alembic.context`` have."""

    @property
    def configure(self) -> Callable[..., None]:
        """Configure the context."""

    @property
    def begin_transaction(self) -> Callable[[], AbstractContextManager[Any]]:
        """Begin a transaction, where the database has them for DDL."""

    @property
    def run_migrations(self) -> Callable[..., None]:
        """Run what the command asks for."""


def drive(
    context: Context,
    target: Target,
    *,
    sql: bool,
    connection: Connection | None = None,
    committed: Callable[[], None] = lambda: None,
    around: Callable[[Connection], AbstractContextManager[None]] = lambda _connection: (
        nullcontext()
    ),
) -> None:
    """Configure a context for a target and run its migrations.

    Args:
        context: Alembic's.
        target: what to work on.
        sql: write a script instead of connecting.
        connection: one that is open already.
        committed: is called when everything is, while the connection is still open.
        around: what surrounds all that is done on the connection.

    Raises:
        ConfigError: there is no URL, no driver, or no models.
    """
    arguments = configure_arguments(target)
    if sql:
        context.configure(
            url=target.url,
            literal_binds=True,
            dialect_opts={"paramstyle": "named"},
            **arguments,
        )
        with context.begin_transaction():
            context.run_migrations()
        return

    if target.url.get_backend_name() == "sqlite":
        # It can roll DDL back: our transactions there begin before the DDL does.
        arguments.setdefault("transactional_ddl", True)

    def work(connected: Connection) -> None:
        with around(connected):
            context.configure(connection=connected, **arguments)
            with context.begin_transaction():
                context.run_migrations()
        committed()

    if connection is not None:
        work(connection)
    else:
        run_on(target.url, work, target.engine_factory)
