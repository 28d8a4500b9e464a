"""Projects of one base whose revisions do what a test says, and what verify says of them."""

from __future__ import annotations

import re

import pytest

from tests.projects import Project, revision_text

MODELS = """
    import sqlalchemy as sa

    metadata = sa.MetaData()
    book = sa.Table("book", metadata, sa.Column("id", sa.Integer, primary_key=True){columns})
    """
UP = "op.create_table('book', sa.Column('id', sa.Integer, primary_key=True))"
DOWN = "op.drop_table('book')"


@pytest.fixture
def history(project):
    """``history(url, (up, down), ...)`` writes a project whose first revision makes ``book``."""

    def make(url: str, *steps: tuple[str, str], columns: str = "", **keys: str) -> Project:
        lines = "".join(f"{key} = {value}\n" for key, value in keys.items())
        table = f'[tool.alembic-migrate]\nmetadata = "db:metadata"\nurl = "{url}"\n{lines}'
        made = project({"pyproject.toml": table, "db.py": MODELS.format(columns=columns)})
        down = None
        for number, (upgrade, downgrade) in enumerate(((UP, DOWN), *steps), 1):
            made.write(
                f"migrations/versions/r{number}.py",
                revision_text(f"r{number}", down, upgrade=upgrade, downgrade=downgrade),
            )
            down = f"r{number}"
        return made

    return make


@pytest.fixture
def verify(command):
    """``verify(project)`` gives what verify prints, without times and the root."""

    def run(project: Project, *words: str, status: int = 0, **env: str) -> str:
        done = command(project, "verify", *words, status=status, env=env)
        text = done.stdout.replace(str(project.root), "<root>")
        return re.sub(r"(,| +) *\d+\.\d\d s( of it \S+)?", "", text)

    return run
