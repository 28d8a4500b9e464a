"""Run by Alembic for every command that reads or changes the database."""

from alembic_migrate.environment import run_migrations

run_migrations()
