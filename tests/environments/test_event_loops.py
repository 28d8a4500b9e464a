"""The library inside a running event loop, whatever the driver and the environment."""

from __future__ import annotations

import asyncio
import threading

import pytest

from alembic_migrate.errors import DatabaseError
from tests import servers
from tests.environments.conftest import BOOK, alembic_init


def configured(project, url, env):
    """Make a project with this URL, and our environment or one of Alembic's templates."""
    here = project(
        {
            "pyproject.toml": f"""
                [tool.alembic-migrate]
                metadata = "shop:Base"
                url = "{url}"
                """,
            "shop.py": BOOK,
        }
    )
    if env == "builtin":
        here.write("migrations/versions/.keep", "")
    else:
        alembic_init(here, "-t", env, "migrations")
    return here


@pytest.mark.parametrize(
    ("url", "env"),
    [
        ("sqlite:///shop.db", "builtin"),
        ("sqlite+aiosqlite:///shop.db", "builtin"),
        ("sqlite:///shop.db", "generic"),
        ("sqlite+aiosqlite:///shop.db", "async"),
    ],
)
def test_every_verb_works_inside_a_running_loop(project, loaded, url, env):
    here = configured(project, url, env)
    app = loaded(here)

    async def verbs():
        ran = []
        (written,) = app.migrate("first", rev_id="aaa")
        ran.append([change.text for change in written.changes])
        (script,) = app.upgrade(sql=True)
        ran.append("CREATE TABLE book (" in script.sql)
        ran.append([step.revision for step in app.upgrade()[0].steps])
        ran.append([row.state for row in app.status()])
        ran.append([each.at_head for each in app.current()])
        ran.append([each.findings for each in app.check()])
        ran.append([one.is_current for one in app.history(indicate_current=True)[0].revisions])
        ran.append(app.downgrade("base")[0].after)
        ran.append(app.stamp("head")[0].after)
        await asyncio.sleep(0)
        return ran

    assert asyncio.run(verbs()) == [
        ["add table book"],
        True,
        ["aaa"],
        ["at head"],
        [True],
        [()],
        [True],
        (),
        ("aaa",),
    ]


@pytest.mark.parametrize("database", ["postgresql", "mariadb"])
def test_a_servers_asynchronous_driver_works_inside_a_running_loop(
    project, loaded, request, database
):
    url = request.getfixturevalue(f"{database}_url")
    here = configured(project, servers.asynchronous(url), "builtin")
    app = loaded(here)

    async def verbs():
        app.migrate("first", rev_id="aaa")
        (run,) = app.upgrade()
        (again,) = app.upgrade()
        return run.after, again.steps

    assert asyncio.run(verbs()) == (("aaa",), ())
    assert here.tables(url) == ["alembic_version", "book"]


def test_an_error_comes_out_of_the_loop_as_it_is(project, loaded):
    here = configured(project, "sqlite+aiosqlite:///shop.db", "async")
    here.execute("sqlite:///shop.db", "CREATE TABLE alembic_version (version_num VARCHAR(32))")
    here.execute("sqlite:///shop.db", "INSERT INTO alembic_version VALUES ('gone')")
    app = loaded(here)

    async def upgrade():
        app.upgrade()

    with pytest.raises(DatabaseError) as failed:
        asyncio.run(upgrade())
    assert failed.value.message == (
        "the version table alembic_version names revision gone, which "
        f"{here.root}/migrations does not have"
    )


def test_no_thread_is_left_behind(project, loaded):
    here = configured(project, "sqlite+aiosqlite:///shop.db", "async")
    app = loaded(here)
    before = threading.enumerate()

    async def current():
        return app.current()

    asyncio.run(current())

    assert threading.enumerate() == before


def test_a_loop_goes_on_while_a_thread_migrates(project, loaded):
    here = configured(project, "sqlite+aiosqlite:///shop.db", "async")
    app = loaded(here)
    ticks = []

    async def tick():
        while True:
            ticks.append(1)
            await asyncio.sleep(0.001)

    async def both():
        clock = asyncio.create_task(tick())
        await asyncio.to_thread(app.migrate, "first", rev_id="aaa")
        (run,) = await asyncio.to_thread(app.upgrade)
        clock.cancel()
        return run.after

    assert asyncio.run(both()) == ("aaa",)
    assert len(ticks) > 1
