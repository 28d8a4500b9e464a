"""The only floor that knows Alembic: configurations, scripts and environments in, records out."""
