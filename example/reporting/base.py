"""What every table of the reports hangs on."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import DeclarativeBase


class Base(DeclarativeBase):
    pass


def get_base() -> dict[str, Any]:
    """Return what alembic-db works on; the URL stands in pyproject.toml."""
    return {"base": Base}
