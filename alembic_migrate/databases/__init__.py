"""Databases without Alembic: URLs, connections, faults, and what a version table says."""
