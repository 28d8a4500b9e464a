"""A shop with one table and one revision, in which something is broken.

``shop`` runs its commands in the tests' own process, where tables of messages cost little;
``real_shop`` runs the installed command.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.faults.faulty import FIRST
from tests.inprocess import InProcess
from tests.projects import Project, Result

MakeShop = Callable[..., Project]

MODELS = """
from sqlalchemy import Column, Integer
from sqlalchemy.orm import declarative_base

Base = declarative_base()


class Customer(Base):
    __tablename__ = "customer"

    id = Column(Integer, primary_key=True)
"""


@dataclass(frozen=True)
class QuickProject(Project):
    """A project whose commands run in the tests' own process."""

    command: InProcess

    def run(self, *args: str | Path, **options: Any) -> Result:
        """Run ``alembic-db`` in the project."""
        return self.command(self, *args, **options)


@pytest.fixture
def shop(real_shop: MakeShop, command: InProcess) -> MakeShop:
    """Make a shop as ``real_shop`` does, whose commands are quick."""
    return lambda *files, **options: QuickProject(real_shop(*files, **options).root, command)


@pytest.fixture
def real_shop(project: Callable[..., Project]) -> MakeShop:
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
