"""A project that keeps sums, and git."""

from __future__ import annotations

import subprocess

import pytest

from tests import projects

TOML = """
    [tool.alembic-migrate]
    metadata = "shop:metadata"
    url = "sqlite:///shop.db"
    sum = true
    """

SHOP = """
    from sqlalchemy import Column, Integer, MetaData, Table

    metadata = MetaData()
    Table("book", metadata, Column("id", Integer, primary_key=True))
    """


@pytest.fixture
def shop(project, command):
    """One base with sum = true and the revisions a and b, written by the command."""
    made = project(
        {
            "pyproject.toml": TOML,
            "shop.py": SHOP,
        }
    )
    command(made, "init")
    template = made.root / "migrations" / "script.py.mako"
    # Without the date, a file's sum is the same in every run.
    template.write_text(template.read_text().replace("Create Date: ${create_date}\n", ""))
    for revision in ("a", "b"):
        command(made, "revision", "--rev-id", revision, "-m", f"the {revision}")
    return made


@pytest.fixture
def git(shop):
    """``git("merge", "other")`` runs git in the project, of which everything is committed."""

    def run(*words, status=0):
        done = subprocess.run(
            ["git", "-c", "user.name=n", "-c", "user.email=n@example.org", *words],
            cwd=shop.root,
            env=projects.environment(shop.root, {"GIT_CONFIG_NOSYSTEM": "1"}),
            capture_output=True,
            text=True,
            check=False,
        )
        assert status is None or done.returncode == status, done.stdout + done.stderr
        return done.stdout

    run("init", "-q", "-b", "main")
    shop.write(".gitignore", "*.db\n__pycache__/\n")
    run("add", "-A")
    run("commit", "-q", "-m", "start")
    return run
