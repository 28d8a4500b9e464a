"""The migration environment of this folder; it also works under plain ``alembic``."""

from alembic_migrate.environment import run_migrations

run_migrations()
