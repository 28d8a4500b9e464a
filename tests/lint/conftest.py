"""Revisions captured offline and judged."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Mapping
from itertools import count

import pytest

from alembic_migrate.bridge.capturing import capture
from alembic_migrate.bridge.scripts import Scripts
from alembic_migrate.findings import LintFinding, Severity
from alembic_migrate.lint.engine import judge
from alembic_migrate.lint.operations import Captured
from alembic_migrate.project import load
from tests import projects
from tests.bridge.conftest import files
from tests.inprocess import forget_modules

Judge = Callable[..., tuple[LintFinding, ...]]
CaptureBody = Callable[..., Captured]

HEADER = '''"""a step"""

import sqlalchemy as sa
from alembic import op

revision = "a1"
down_revision = None
'''
UNDOWN = '\n\ndef downgrade():\n    raise NotImplementedError("not here")\n'
FIRST = HEADER.count("\n") + 4  # the line of the first statement of a body

# The classes that an example of a rule imports.
APPLICATION = """
    from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


    class Base(DeclarativeBase):
        pass


    class User(Base):
        __tablename__ = "users"
        id: Mapped[int] = mapped_column(primary_key=True)
        active: Mapped[bool]
    """


def revision_file(example: str) -> str:
    """Return the text of a revision: of its upgrade()'s body, or of all that follows the header."""
    body = textwrap.dedent(example).strip("\n")
    if "def upgrade" in body:
        return f"{HEADER}\n{body}\n"
    return f"{HEADER}\n\ndef upgrade():\n{textwrap.indent(body, '    ')}\n{UNDOWN}"


@pytest.fixture
def captured_body(project: Callable[..., projects.Project]) -> CaptureBody:
    """``captured_body(example, "mysql")`` returns what a revision of this text does."""
    numbers = count()

    def captured(example: str, dialect: str = "postgresql") -> Captured:
        named = {
            "migrations/versions/a1_a_step.py": revision_file(example),
            "app/__init__.py": "",
            "app/models.py": APPLICATION,
        }
        made = project(files(dialect, **named), name=f"project{next(numbers)}")
        (target,) = load(made.root)._targets("read")
        (found,) = capture(target, Scripts(target), ["a1"])
        forget_modules(made.root)
        return found

    return captured


@pytest.fixture
def judged(captured_body: CaptureBody) -> Judge:
    """``judged(example, "mysql", craft="off")`` returns what is found in a revision."""

    def judge_body(
        example: str, dialect: str = "postgresql", severities: Mapping[str, Severity] | None = None
    ) -> tuple[LintFinding, ...]:
        return judge(captured_body(example, dialect), severities or {})

    return judge_body
