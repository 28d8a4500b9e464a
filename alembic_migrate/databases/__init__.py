"""Engines and URLs: parsing, masking, connecting, and what a version table says. No Alembic here."""
