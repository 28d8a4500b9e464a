"""The migration environment of this folder: everything is here, and yours to change."""

from alembic import context
from sqlalchemy import create_engine, pool

from alembic_migrate.environment import get_base, import_models

base, url = get_base()
import_models()
target_metadata = base.metadata


def run_migrations_offline() -> None:
    """Write SQL without connecting."""
    context.configure(
        url=url,
        target_metadata=target_metadata,
        literal_binds=True,
        dialect_opts={"paramstyle": "named"},
    )
    with context.begin_transaction():
        context.run_migrations()


def run_migrations_online() -> None:
    """Connect and run."""
    engine = create_engine(url, poolclass=pool.NullPool)
    with engine.connect() as connection:
        context.configure(connection=connection, target_metadata=target_metadata)
        with context.begin_transaction():
            context.run_migrations()


if context.is_offline_mode():
    run_migrations_offline()
else:
    run_migrations_online()
