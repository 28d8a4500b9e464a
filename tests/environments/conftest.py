"""Models for the projects, and the other programs that are run in them."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

import alembic.config
import pytest

import alembic_migrate
from tests.projects import COMMAND, Project, Result

BOOK = """
    from sqlalchemy import Column, Integer, String
    from sqlalchemy.orm import declarative_base

    Base = declarative_base()


    class Book(Base):
        __tablename__ = "book"

        id = Column(Integer, primary_key=True)
        title = Column(String(100), nullable=False)
    """


@pytest.fixture
def loaded() -> Callable[..., alembic_migrate.Project]:
    """``loaded(project, **options)`` is ``alembic_migrate.load()`` of a test's project."""

    def load(project: Project, **options: Any) -> alembic_migrate.Project:
        return alembic_migrate.load(project.root, environ={}, **options)

    return load


def other(program: str, project: Project, *words: str, **options: Any) -> Result:
    """Run another installed program, ``alembic`` or ``flask``, in a project."""
    script = str(COMMAND.with_name(program))
    return project.run(*words, python=(script,), **options)


def alembic_init(project: Project, *words: str) -> None:
    """Run ``alembic init`` in a project; here, because it is the folder that matters."""
    with contextlib.chdir(project.root):
        alembic.config.main(["--quiet", "init", *words])


def placed(text: str, project: Project) -> str:
    """Return a text with the project's folder as ``ROOT``."""
    return text.replace(str(project.root), "ROOT")


def edit(project: Project, path: str, old: str, new: str) -> None:
    """Replace what is in a file, as a user does in an editor."""
    text = project.read(path)
    assert old in text
    project.write(path, text.replace(old, new))
