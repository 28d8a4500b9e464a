"""Which revision files do nothing when they are imported."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from alembic.script import ScriptDirectory

from alembic_migrate.history.headers import read
from alembic_migrate.history.inert import is_inert

TOP = "revision = 'b'\ndown_revision = 'a'\n"

INERT = {
    "imports that everybody has": "import sqlalchemy as sa\nfrom alembic import op, context\n",
    "types": "from typing import Union\nids: Union[str, None] = None\n",
    "a dialect": "from sqlalchemy.dialects import postgresql\nUUID = postgresql.UUID\n",
    "a function": "def upgrade(x: int = 1, *, y: str | None = None) -> None:\n    open('x')\n",
    "pass": "pass\n",
    "a docstring": "'''said'''\n",
}

ACTIVE = {
    "the project's module": "import app.types\n",
    "a name of the project's module": "from app.types import Money\n",
    "a neighbour": "from . import common\n",
    "a call": "print('hello')\n",
    "a value that is made": "import sqlalchemy as sa\nbook = sa.table('book')\n",
    "a decorator": "@registered\ndef upgrade():\n    pass\n",
    "a default that is made": "def upgrade(x=print()):\n    pass\n",
    "a class": "class Book(Base):\n    pass\n",
    "a condition": "if True:\n    pass\n",
    "an attribute that is set": "import sqlalchemy as sa\nsa.Text = sa.String\n",
    "an item that is set": "import os\nos.environ['A'] = 'b'\n",
    "more of a list": "names += ['a']\n",
    "a deletion": "del names\n",
    "a coroutine": "async def upgrade():\n    pass\n",
}


@pytest.mark.parametrize("text", INERT.values(), ids=INERT)
def test_a_file_is_inert(text):
    assert is_inert(ast.parse(TOP + text))


@pytest.mark.parametrize("text", ACTIVE.values(), ids=ACTIVE)
def test_a_file_is_not_inert(text):
    assert not is_inert(ast.parse(TOP + text))


def test_what_alembic_writes_is_inert(tmp_path):
    import alembic

    template = Path(alembic.__file__).with_name("templates") / "generic" / "script.py.mako"
    (tmp_path / "versions").mkdir()
    (tmp_path / "script.py.mako").write_text(template.read_text())
    script = ScriptDirectory(str(tmp_path), messaging_opts={"quiet": True}).generate_revision(
        "b1", "a step", refresh=True, upgrades="pass", downgrades="pass"
    )
    assert read(script.path).inert


def test_of_a_file_that_is_broken_below_nothing_is_inert(tmp_path):
    file = tmp_path / "b.py"
    file.write_text(f"{TOP}def upgrade(:\n")
    assert read(str(file)).header.inert is False
