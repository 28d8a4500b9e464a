"""Revisions captured offline, against any dialect and without a database."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from alembic_migrate.bridge.capturing import capture
from alembic_migrate.bridge.scripts import Scripts
from alembic_migrate.lint.operations import Captured
from alembic_migrate.project import load
from tests import projects

URLS = {
    "sqlite": "sqlite:///never-made.db",
    "postgresql": "postgresql+psycopg://nobody@nowhere.invalid/none",
    "mysql": "mysql+pymysql://nobody@nowhere.invalid/none",
    "mariadb": "mariadb+pymysql://nobody@nowhere.invalid/none",
}

CaptureProject = Callable[..., list[Captured]]
CaptureUpgrade = Callable[..., Captured]

# Its constraints get their names from a naming convention.
MODELS = """
    from sqlalchemy import MetaData

    metadata = MetaData(naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
    })
    """


def files(dialect: str, **more: str) -> dict[str, str]:
    """Return the files of a project with a base of a dialect."""
    table = f'[tool.alembic-migrate]\nmetadata = "models:metadata"\nurl = "{URLS[dialect]}"\n'
    return {"pyproject.toml": table, "models.py": MODELS, **more}


@pytest.fixture
def capture_project() -> CaptureProject:
    """``capture_project(project, "a1", "b2")`` returns what these revisions do."""

    def captured(project: projects.Project, *revisions: str, **options: bool) -> list[Captured]:
        (target,) = load(project.root)._targets("read")
        return list(capture(target, Scripts(target), revisions, **options))

    return captured


@pytest.fixture
def captured(
    project: Callable[..., projects.Project], capture_project: CaptureProject
) -> CaptureUpgrade:
    """``captured("op.drop_table('book')", dialect="sqlite")`` returns what an upgrade() does.

    Its first statement is on line 13 of the file.
    """

    def capture_body(
        upgrade: str, *, dialect: str = "postgresql", downgrade: str = "pass"
    ) -> Captured:
        text = projects.revision_text("a1", upgrade=upgrade, downgrade=downgrade)
        made = project(files(dialect, **{"migrations/versions/a1_a_step.py": text}))
        (found,) = capture_project(made, "a1", downgrades=True)
        assert not (made.root / "never-made.db").exists()
        return found

    return capture_body
