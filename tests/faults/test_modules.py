"""The user's own modules: missing, failing, or without what is asked of them."""

from __future__ import annotations

import pytest

from tests.faults.faulty import refused

BASE = "from sqlalchemy.orm import declarative_base\n\nBase = declarative_base()\n"
GET_BASE = f"{BASE}\n\ndef get_base():\n    "
EXAMPLE = "def get_base():\n      return {'base': Base, 'sqlalchemy_url': 'sqlite:///demo.db'}"
TRACEBACK = "--raiseerr shows the whole traceback"
BY_DEFAULT = "module model.base (asked for by default)"


ANOTHER = 'name another module: module = "package.module"'


def fault(shop, base: str | None, toml: str = "", *, url: str | None = "sqlite:///app.db", **more):
    """Return what is said about a base module, and about others in its package."""
    files = {} if base is None else {"model/__init__.py": "", "model/base.py": base}
    files |= {f"model/{name}.py": text for name, text in more.items()}
    return refused(shop(files, url=url, toml=toml), "upgrade")


@pytest.mark.parametrize(
    ("toml", "asked_by", "file", "mend"),
    [
        ("", "default", "model/base.py", ANOTHER),
        (
            'module = "shop.base"',
            "pyproject.toml:2 [tool.alembic-migrate]",
            "shop/base.py",
            ANOTHER,
        ),
        ('metadata = "nope:Base"', "metadata = 'nope:Base'", "nope.py", "correct metadata"),
        ('models = ["nope.*"]', "models = 'nope.*'", "nope.py", "correct models"),
    ],
)
def test_a_module_that_is_not_there_is_told_with_where_it_was_looked_for(
    shop, toml, asked_by, file, mend
):
    name = file.removesuffix(".py").replace("/", ".")
    assert fault(shop, None, toml) == (
        f"Error: there is no module {name} (asked for by {asked_by}); looked in: ROOT\n"
        f"  make {file}, or {mend}\n"
    )


@pytest.mark.parametrize(
    ("base", "said"),
    [
        (
            "import os\n\nraise RuntimeError('no postgresql://u:p%40ss-w0rd@h/d')\n",
            "ROOT/model/base.py:3: RuntimeError: no postgresql://u:***@h/d",
        ),
        ("import os\ndef get_base(:\n", "ROOT/model/base.py:2: SyntaxError: invalid syntax"),
        ("import sys\nsys.exit(3)\n", "ROOT/model/base.py:2: it called sys.exit(3)"),
        (
            "from model import other\n",
            "ROOT/model/other.py:2: ModuleNotFoundError: No module named 'nothing_there'",
        ),
    ],
    ids=["it raises", "its syntax", "it exits", "what it imports"],
)
def test_a_module_that_fails_while_importing_is_told_with_the_users_line(shop, base, said):
    assert fault(shop, base, other="x = 1\nimport nothing_there\n") == (
        f"Error: {BY_DEFAULT} failed while importing: {said}\n  {TRACEBACK}\n"
    )


@pytest.mark.parametrize(
    ("base", "message", "hint"),
    [
        (
            BASE,
            f"ROOT/model/base.py: the {BY_DEFAULT} has no get_base()",
            f"add it, or set metadata in pyproject.toml:\n  {EXAMPLE}",
        ),
        (
            f"{BASE}get_base = 5\n",
            f"ROOT/model/base.py: the {BY_DEFAULT} has a int as get_base()",
            f"add it, or set metadata in pyproject.toml:\n  {EXAMPLE}",
        ),
        (
            f"{GET_BASE}raise ValueError('boom')\n",
            "get_base() of model.base failed: ROOT/model/base.py:7: ValueError: boom",
            TRACEBACK,
        ),
        (
            f"{GET_BASE}return Base\n",
            (
                "ROOT/model/base.py: get_base() returned a DeclarativeMeta; it has to return a "
                "dict with 'base' and, where no url is configured, 'sqlalchemy_url'"
            ),
            EXAMPLE,
        ),
        (
            f"{GET_BASE}return {{'sqlalchemy_url': 'sqlite://'}}\n",
            (
                "ROOT/model/base.py: get_base() returned a dict without 'base' (keys: "
                "sqlalchemy_url); it has to return a dict with 'base' and, where no url is "
                "configured, 'sqlalchemy_url'"
            ),
            EXAMPLE,
        ),
        (
            f"{GET_BASE}return {{'base': Base}}\n",
            (
                "the base has no database URL: no --url, no url in ROOT/pyproject.toml, get_base() "
                "returned no 'sqlalchemy_url'"
            ),
            'set it: url = "postgresql+psycopg://user:${PASSWORD}@host/name"',
        ),
        (
            f"{GET_BASE}return {{'base': Base, 'sqlalchemy_url': 5}}\n",
            (
                "ROOT/model/base.py: get_base() returned a int as 'sqlalchemy_url'; it has to be a "
                "string or a SQLAlchemy URL"
            ),
            EXAMPLE,
        ),
        (
            f"{GET_BASE}return {{'base': 5, 'sqlalchemy_url': 'sqlite://'}}\n",
            "get_base() of model.base is a int, not a declarative base or a MetaData",
            'name one of them: metadata = "package.module:Base"',
        ),
        (
            (
                f"{GET_BASE}return {{'base': Base, 'sqlalchemy_url': 'sqlite://'}}\n\n\n"
                "def import_models():\n    raise KeyError('x')\n"
            ),
            "import_models() of model.base failed: ROOT/model/base.py:11: KeyError: 'x'",
            TRACEBACK,
        ),
    ],
)
def test_a_base_module_without_what_is_asked_of_it_is_told_what_to_add(shop, base, message, hint):
    assert fault(shop, base, url=None) == f"Error: {message}\n  {hint}\n"


@pytest.mark.parametrize(
    ("toml", "message", "hint"),
    [
        (
            'metadata = "model.base:Nope"',
            "metadata = 'model.base:Nope': model.base has no Nope",
            "its names: declarative_base, Base",
        ),
        (
            'metadata = "model.base"',
            "metadata = 'model.base' names no object",
            'write metadata = "package.module:name"',
        ),
        (
            'metadata = "model.base:declarative_base"',
            "model.base:declarative_base is a function, not a declarative base or a MetaData",
            'name one of them: metadata = "package.module:Base"',
        ),
        (
            'metadata = "model.base:Base"\ninclude_object = "model.base:Nope"',
            "include_object = 'model.base:Nope': model.base has no Nope",
            "its names: declarative_base, Base",
        ),
    ],
)
def test_a_name_that_a_module_lacks_is_told_with_those_that_it_has(shop, toml, message, hint):
    assert fault(shop, BASE, toml) == f"Error: {message}\n  {hint}\n"


def test_a_base_without_tables_works_with_a_warning(shop):
    files = {"model/__init__.py": "", "model/base.py": BASE}
    done = shop(files, toml='metadata = "model.base:Base"').run("upgrade")
    assert done.stdout == "Upgraded to a1 (head), 1 revision\n"
    assert done.stderr == (
        "Running upgrade  -> a1, a step\n"
        "Warning: the base has no tables at all: is every model imported? "
        'models = ["package.models.*"] imports what is missing\n'
    )


def test_files_that_shadow_other_modules_work_with_a_warning_that_names_them(real_shop):
    shadows = ("alembic/__init__.py", "./secrets.py", "./uuid.py")
    project = real_shop(dict.fromkeys(shadows, "x = 1\n"))
    done = project.run("upgrade")
    assert done.stdout == "Upgraded to a1 (head), 1 revision\n"
    assert done.stderr.replace(str(project.root), "ROOT") == "Running upgrade  -> a1, a step\n" + (
        "".join(
            f"Warning: ROOT/{path.removeprefix('./')} has the name of a module that others import "
            "too; rename it, or import it from a package of its own\n"
            for path in shadows
        )
    )
