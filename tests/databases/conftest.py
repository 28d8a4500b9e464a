"""What the tests of scratch databases look at: the databases of a server, the folder of files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy
from sqlalchemy.pool import NullPool

import alembic_migrate
from alembic_migrate.targets import Target
from tests.projects import Project


@pytest.fixture
def here(tmp_path, monkeypatch) -> Path:
    """The folder of this test's scratch files."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr("alembic_migrate.databases.scratch.gettempdir", lambda: str(folder))
    return folder


@pytest.fixture
def left(here) -> Callable[[str], list[str]]:
    """``left(url)`` gives the names of the scratch databases on a server, or beside SQLite's."""

    def names(url: str) -> list[str]:
        parsed = sqlalchemy.make_url(url)
        backend = parsed.get_backend_name()
        if backend == "sqlite":
            found = [file.name for file in here.iterdir()]
        else:
            query = "SELECT datname FROM pg_database"
            engine = sqlalchemy.create_engine(synchronous(url), poolclass=NullPool)
            with engine.connect() as connection:
                asked = query if backend == "postgresql" else "SHOW DATABASES"
                found = list(connection.exec_driver_sql(asked).scalars())
        return sorted(name for name in found if name.startswith("alembic_scratch_"))

    return names


def synchronous(url: str) -> str:
    """Return a URL with the driver that the fixtures of the same database have."""
    for driver, plain in (("+asyncpg", "+psycopg"), ("+aiomysql", "+pymysql"), ("+aiosqlite", "")):
        url = url.replace(driver, plain)
    return url


@pytest.fixture
def target_of() -> Callable[..., Target]:
    """``target_of(project)`` gives the target of a project's one base, in the tests' process."""

    def make(project: Project, base: str | None = None) -> Target:
        (target,) = alembic_migrate.load(project.root, base=base)._targets("read")
        return target

    return make
