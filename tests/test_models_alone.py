"""What a base with ``models`` and nothing else is told."""

from __future__ import annotations

from tests import projects


def test_models_without_module_tell_that_get_base_is_not_asked(project, command):
    books = project(
        projects.TUTORIAL
        | {
            "pyproject.toml": '[tool.alembic-migrate]\nmodels = ["model.*"]\n',
            "migrations/script.py.mako": "",
            "migrations/versions/a.py": projects.revision_text("a"),
        }
    )
    said = command(books, "upgrade", status=2)
    assert said.stderr.replace(str(books.root), "ROOT") == (
        "Error: the base has no database URL: no --url, no url in ROOT/pyproject.toml, "
        "and models alone asks no get_base()\n"
        '  set it: url = "postgresql+psycopg://user:${PASSWORD}@host/name"\n'
        '  or name the module that has it: module = "model.base"\n'
    )
    books.write(
        "pyproject.toml", '[tool.alembic-migrate]\nmodule = "model.base"\nmodels = ["model.*"]'
    )
    command(books, "upgrade")
