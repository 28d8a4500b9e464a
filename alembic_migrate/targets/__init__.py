"""What the verbs work on: bases and their tenants as targets."""

from alembic_migrate.targets.target import Target

__all__ = ["Target"]
