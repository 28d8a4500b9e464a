"""A shop with one table and one revision, in which something is broken."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from tests.faults.faulty import FIRST
from tests.projects import Project

MakeShop = Callable[..., Project]

MODELS = """
from sqlalchemy import Column, Integer
from sqlalchemy.orm import declarative_base

Base = declarative_base()


class Customer(Base):
    __tablename__ = "customer"

    id = Column(Integer, primary_key=True)
"""


@pytest.fixture
def shop(project: Callable[..., Project]) -> MakeShop:
    """``shop({path: text}, url=..., toml=...)``: a path without a slash is one of versions/."""

    def make(
        files: Mapping[str, str] | None = None,
        *,
        url: str | None = "sqlite:///app.db",
        toml: str = 'metadata = "shop:Base"',
    ) -> Project:
        lines = ["[tool.alembic-migrate]", toml, "connect_timeout = 1"]
        lines += [] if url is None else [f'url = "{url}"']
        wanted = {"pyproject.toml": "\n".join(lines) + "\n", "shop.py": MODELS, "a1.py": FIRST}
        wanted |= files or {}
        places = {
            path if "/" in path or path in ("pyproject.toml", "shop.py") else _version(path): text
            for path, text in wanted.items()
        }
        return project(places)

    return make


def _version(name: str) -> str:
    return f"migrations/versions/{name}"
