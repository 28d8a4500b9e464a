"""A base with ``models`` and nothing else: the default module is asked where there is one."""

from __future__ import annotations

from tests import projects

FOLDER = {
    "migrations/script.py.mako": "",
    "migrations/versions/a.py": projects.revision_text("a"),
    "pyproject.toml": '[tool.alembic-migrate]\nmodels = ["model.*"]\n',
}


def test_models_beside_a_base_module_keep_its_get_base(project, command):
    books = project(projects.TUTORIAL | FOLDER)
    assert command(books, "upgrade").stdout == "Upgraded to a (head), 1 revision\n"
    assert books.stamped("sqlite:///demo.db") == ["a"]


def test_models_alone_are_what_is_imported_and_nothing_beside_them(project, command):
    books = project(projects.TUTORIAL | FOLDER)
    books.write("pyproject.toml", '[tool.alembic-migrate]\nmodels = ["model.base"]\n')
    books.write("model/broken.py", "1 / 0\n")
    assert "no tables at all" in command(books, "upgrade").stderr


def test_models_without_any_base_module_need_a_url(project, command):
    books = project(FOLDER)
    books.write("model/__init__.py", "from sqlalchemy import MetaData\n\nmetadata = MetaData()\n")
    said = command(books, "upgrade", status=2)
    assert said.stderr.replace(str(books.root), "ROOT") == (
        "Error: the base has no database URL: no --url, no url in ROOT/pyproject.toml, "
        "and there is no model.base with a get_base()\n"
        '  set it: url = "postgresql+psycopg://user:${PASSWORD}@host/name"\n'
        '  or name the module that has it: module = "model.base"\n'
    )
