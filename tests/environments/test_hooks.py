"""Hooks that the TOML names, under our environment and under a script of the project's own."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.environments.conftest import BOOK, alembic_init, edit, placed

HOOKS = """
    from sqlalchemy import create_engine
    from sqlalchemy.ext.asyncio import create_async_engine

    told = []


    def engine(url):
        print("engine for", url.database.rpartition("/")[2])
        return create_engine(url)


    def async_engine(url):
        return create_async_engine(url.set(drivername="sqlite+aiosqlite"))


    def include_object(item, name, kind, reflected, compared):
        return not (kind == "table" and name == "book")


    def include_name(name, kind, parents):
        return not (kind == "table" and name == "shelf")


    def render_item(kind, item, context):
        if kind == "type" and type(item).__name__ == "String":
            context.imports.add("import sqlalchemy as mine")
            return f"mine.String({item.length})"
        return False


    def process_revision_directives(context, revision, directives):
        directives[0].message = "renamed"


    def on_version_apply(*, ctx, step, heads, run_args, **_):
        print("applied", step.up_revision_id, sorted(heads))


    def compare_type(context, inspected, described, found, wanted):
        return False


    def compare_server_default(context, inspected, described, found, wanted, rendered):
        return False


    number = 3
    """

SHELVES = (
    BOOK
    + """

    class Shelf(Base):
        __tablename__ = "shelf"

        id = Column(Integer, primary_key=True)
    """
)


@pytest.fixture(params=["builtin", "own"])
def here(request, project):
    made = project(
        {
            "shop.py": SHELVES,
            "hooks.py": HOOKS,
            "migrations/versions/.keep": "",
        }
    )
    if request.param == "own":
        (made.root / "migrations/versions/.keep").unlink()
        (made.root / "migrations/versions").rmdir()
        (made.root / "migrations").rmdir()
        alembic_init(made, "migrations")
        edit(
            made,
            "migrations/env.py",
            "target_metadata = None",
            "from shop import Base\n\ntarget_metadata = Base.metadata",
        )
    return made


def with_hook(here, *lines):
    table = ["[tool.alembic-migrate]", 'metadata = "shop:Base"', 'url = "sqlite:///shop.db"']
    here.write("pyproject.toml", "\n".join([*table, *lines]))


def hook(key):
    return f'{key} = "hooks:{key}"'


def test_include_object_leaves_an_object_out(here, command):
    with_hook(here, hook("include_object"))

    assert command(here, "migrate", "--rev-id", "aaa").stdout == (
        "Detected: add table shelf\nWrote migrations/versions/aaa_.py\n"
    )


def test_include_name_leaves_what_is_in_the_database_out(here, command):
    with_hook(here, hook("include_name"), "drop_unowned = true")
    here.execute("sqlite:///shop.db", "CREATE TABLE shelf (id INTEGER NOT NULL PRIMARY KEY)")
    here.execute("sqlite:///shop.db", "CREATE TABLE old (id INTEGER NOT NULL PRIMARY KEY)")

    # The shelf of the database is not seen, so that of the models seems to be new.
    assert command(here, "migrate", "--rev-id", "aaa").stdout.splitlines() == [
        "Detected: add table book",
        "Detected: add table shelf",
        "Detected: remove table old",
        "Wrote migrations/versions/aaa_.py",
    ]


def test_render_item_writes_what_it_likes(here, command):
    with_hook(here, hook("render_item"))

    command(here, "migrate", "--rev-id", "aaa")

    written = here.read("migrations/versions/aaa_.py")
    assert "import sqlalchemy as mine\n" in written
    assert "mine.String(100)" in written


def test_process_revision_directives_changes_what_is_written(here, command):
    with_hook(here, hook("process_revision_directives"))

    assert command(here, "migrate", "-m", "first", "--rev-id", "aaa").stdout.splitlines()[-1] == (
        "Wrote migrations/versions/aaa_renamed.py"
    )


def test_process_revision_directives_may_leave_nothing(here, command):
    here.write("hooks.py", "def nothing(context, revision, directives):\n    directives[:] = []\n")
    with_hook(here, 'process_revision_directives = "hooks:nothing"')

    assert command(here, "migrate", "-m", "first").stdout == "Nothing to do: no changes detected\n"
    assert here.versions() == []


def test_on_version_apply_is_called_and_the_database_still_told(here, command):
    with_hook(here, hook("on_version_apply"))
    command(here, "migrate", "--rev-id", "aaa")
    command(here, "revision", "--rev-id", "bbb")

    ran = command(here, "upgrade")

    assert [line for line in ran.stderr.splitlines() if line.startswith("applied")] == [
        "applied aaa ['aaa']",
        "applied bbb ['bbb']",
    ]
    assert ran.stdout == "Upgraded to bbb (head), 2 revisions\n"


@pytest.mark.parametrize("key", ["compare_type", "compare_server_default"])
def test_a_comparison_that_is_a_hook_decides(here, command, key):
    with_hook(here)
    command(here, "migrate", "--rev-id", "aaa")
    command(here, "upgrade")
    changes = {"compare_type": "Integer", "compare_server_default": "String(100)"}
    column = f'title = Column({changes[key]}, nullable=False, server_default="none"'
    if key == "compare_type":
        column = column.removesuffix(', server_default="none"')
    here.write("shop.py", SHELVES.replace("title = Column(String(100), nullable=False", column))

    with_hook(here, f"{key} = true")
    assert command(here, "check", status=4).stdout.startswith("No revision does this: ")
    with_hook(here, hook(key))
    assert command(here, "check").stdout == "No problems found\n"


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (
            "hooks:nope",
            (
                "Error: include_object = 'hooks:nope': hooks has no nope\n"
                "  its names: create_engine, create_async_engine, told, engine, async_engine, "
                "include_object, include_name, render_item, process_revision_directives, "
                "on_version_apply, compare_type, compare_server_default, number\n"
            ),
        ),
        (
            "hooks:number",
            (
                "Error: include_object = 'hooks:number' has to name a function, and names an int\n"
                '  write include_object = "package.module:function"\n'
            ),
        ),
        (
            "hooks",
            (
                "Error: ROOT/pyproject.toml:4: tool.alembic-migrate.include_object must be a "
                'string "package.module:function", but is a string, "hooks"\n'
                '  include_object = "app.hooks:include_object"\n'
            ),
        ),
        (
            "nowhere:function",
            (
                "Error: there is no module nowhere (asked for by include_object = "
                "'nowhere:function'); looked in: ROOT\n"
                "  make nowhere.py, or correct include_object\n"
            ),
        ),
    ],
)
def test_a_hook_that_is_not_there_is_told_with_its_key(here, command, value, said):
    with_hook(here, f'include_object = "{value}"')

    failed = command(here, "migrate", status=2)

    lines = placed(failed.stderr, here).replace(f", {Path.cwd()}", "").splitlines()
    assert [line for line in lines if not line.startswith("INFO")] == said.splitlines()


@pytest.mark.parametrize("here", ["builtin"], indirect=True)
def test_an_engine_hook_makes_the_engine_of_our_environment(here, command):
    with_hook(here, hook("engine"))

    assert command(here, "migrate", "--rev-id", "aaa").stderr == "engine for shop.db\n"
    assert command(here, "upgrade").stdout == "Upgraded to aaa (head), 1 revision\n"
    assert command(here, "status").stderr.startswith("engine for shop.db\n")


@pytest.mark.parametrize("here", ["builtin"], indirect=True)
def test_an_engine_hook_may_return_an_asynchronous_engine(here, command):
    with_hook(here, 'engine = "hooks:async_engine"')

    command(here, "migrate", "--rev-id", "aaa")
    assert command(here, "upgrade").stdout == "Upgraded to aaa (head), 1 revision\n"
    assert here.stamped("sqlite:///shop.db") == ["aaa"]
