"""What single commands say where little is to be said: nothing there, nothing to do, not so."""

from __future__ import annotations

import pytest

from tests.projects import TWO_BASES, revision_text
from tests.safety.histories import assert_unlocked, locked, write
from tests.safety.scripts import over_several, script

MAKES = 'op.create_table("t", sa.Column("n", sa.Integer))'
DROPS = 'op.drop_table("t")'


@pytest.fixture
def two(project):
    here = project(TWO_BASES)
    for base in ("app", "reporting"):
        text = revision_text(f"{base}1", upgrade=MAKES, downgrade=DROPS)
        here.write(f"migrations/{base}/versions/r.py", text)
    return here


def test_a_base_that_is_named_in_front_is_not_named_again(two, command):
    two.write("migrations/app/versions/r.py", revision_text("app1", upgrade="raise ValueError(1)"))
    failed = command(two, "upgrade", "--all", status=1)
    assert "\n  app: failed: revision app1 failed in upgrade(): " in failed.stderr
    assert "base app:" not in failed.stderr
    command(two, "stamp", "app1", "--base", "app")
    two.execute("sqlite:///app.db", "UPDATE alembic_version SET version_num = 'gone'")
    assert "\napp: the version table alembic_version names revision gone" in (
        command(two, "status").stdout
    )


def test_a_stamp_runs_nothing_and_says_so(project, sqlite_url, command):
    here = write(project(), sqlite_url, "pass", "pass")
    steps = [command(here, "stamp", to).stderr.split("\n")[0] for to in ("r0000", "head", "base")]
    assert steps == ["Stamping  -> r0000", "Stamping r0000 -> r0001", "Stamping r0001 -> "]


def test_what_a_database_at_base_is_at_is_none(project, sqlite_url, command):
    here = write(project(), sqlite_url, "pass")
    assert command(here, "show", "current").stdout == "(none)\n"


@pytest.mark.parametrize(("tables", "state"), [([], "empty"), (["a"], "unmanaged")])
def test_tables_without_a_version_are_seen_with_a_script_too(
    project, sqlite_url, command, tables, state
):
    here = write(project(), sqlite_url, "pass")
    here.write("migrations/env.py", script(configure="version_table='v'"))
    here.execute(sqlite_url, "CREATE TABLE v (version_num VARCHAR(32) NOT NULL)")
    for table in tables:
        here.execute(sqlite_url, f"CREATE TABLE {table} (n INTEGER)")
    (row,) = command(here, "status", "--format", "json").json["bases"]
    assert row["state"] == state


def test_every_database_of_a_script_is_named(project, sqlite_url, command, tmp_path):
    urls = [f"sqlite:///{tmp_path}/{name}.db" for name in ("first", "second")]
    here = write(project(), sqlite_url, MAKES)
    here.write("migrations/env.py", over_several(*urls))
    (run,) = command(here, "upgrade", "--format", "json").json["bases"]
    assert run["database"] == ", ".join(urls)


@pytest.mark.parametrize("words", [("a,b",), ("a", "b"), ("a, b",)])
def test_consent_to_several_bases_may_be_one_word(project, command, words):
    tables = "".join(
        f'[tool.alembic-migrate.bases.{name}]\nurl = "sqlite:///{name}.db"\nprotected = true\n'
        for name in "ab"
    )
    here = project(
        {
            "pyproject.toml": f'[tool.alembic-migrate]\nmetadata = "base:metadata"\n{tables}',
            "base.py": "from sqlalchemy import MetaData\nmetadata = MetaData()\n",
        }
    )
    for name in "ab":
        here.write(f"migrations/{name}/versions/r.py", revision_text("r1"))
    command(here, "upgrade", "--all")
    command(here, "downgrade", "base", "--all", "--confirm", "a", status=3)
    flags = [part for word in words for part in ("--confirm", word)]
    command(here, "downgrade", "base", "--all", *flags)


def test_heads_of_which_one_depends_on_the_others_need_no_merge(project, sqlite_url, command):
    here = write(project(), sqlite_url, "pass")
    for name, more in (("left", {}), ("right", {"depends_on": "left"})):
        here.write(f"migrations/versions/{name}.py", revision_text(name, "r0000", **more))
    assert command(here, "merge").stdout == "Nothing to merge: the head right depends on left\n"


def test_a_step_back_of_several_bases_leaves_one_at_base_where_it_is(two, command):
    command(two, "upgrade", "--base", "reporting")
    assert command(two, "downgrade", "--all").stdout == (
        "reporting: downgraded to base, 1 revision\napp: already at base\n"
    )
    command(two, "upgrade", "--base", "app")
    assert command(two, "downgrade", "-1", "--all").stdout == (
        "reporting: already at base\napp: downgraded to base, 1 revision\n"
    )
    # Of one base alone it cannot be meant.
    command(two, "downgrade", "--base", "app", status=2)


@pytest.mark.parametrize(
    "url", ["postgresql://us/er:hunter2@host/db", "postgresql+psycopg://a/b:hun/ter2@host:5432/db"]
)
@pytest.mark.parametrize("verb", ["upgrade", "status", "current"])
def test_a_slash_in_a_user_shows_no_password(project, command, url, verb):
    here = write(project(), url, "pass")
    said = command(here, verb, status=None)
    assert "ter2" not in said.stdout + said.stderr
    assert "holds a character that has to be escaped there" in said.stdout + said.stderr


URIS = ("sqlite:///file:{}?uri=true", "sqlite:///file://{}?mode=rwc&uri=true", "sqlite:///{}")


def test_two_bases_on_one_sqlite_file_are_found_by_whatever_name(project, command, tmp_path):
    file = tmp_path / "one.db"
    tables = "".join(
        f'[tool.alembic-migrate.bases.{name}]\nurl = "{url.format(file)}"\n'
        for name, url in zip("abc", URIS, strict=True)
    )
    here = project(
        {
            "pyproject.toml": f'[tool.alembic-migrate]\nmetadata = "base:metadata"\n{tables}',
            "base.py": "from sqlalchemy import MetaData\nmetadata = MetaData()\n",
        }
    )
    for name in "abc":
        here.write(f"migrations/{name}/versions/r.py", revision_text("r1"))
    for pair in ("a,b", "a,c"):
        said = command(here, "upgrade", "--base", pair, status=2).stderr
        assert said.startswith(
            f'Error: bases "a" and "{pair[-1]}" have the same database and the same version table'
        )


@pytest.mark.parametrize("form", URIS[:2])
def test_a_sqlite_file_with_a_uri_is_locked_as_well(project, command, tmp_path, form):
    file = tmp_path / "one.db"
    here = write(project(), form.format(file), MAKES)
    with locked(f"sqlite:///{file}"):
        command(here, "upgrade", "--lock-wait", "0", status=5)
        (row,) = command(here, "status", "--format", "json").json["bases"]
        assert row["lock"].startswith("process ")
    command(here, "upgrade")
    assert_unlocked(f"sqlite:///{file}")


def test_databases_in_memory_are_not_one(project, command):
    here = write(project(), "sqlite:///file:here?mode=memory&uri=true", MAKES)
    command(here, "upgrade")
    assert "here.migration-lock" not in "\n".join(here.files())


@pytest.mark.parametrize(
    ("returns", "told"), [("5", "5"), ("None", "None"), ("[url.drivername]", "['sqlite']")]
)
def test_a_function_that_returns_no_engine_is_told(project, sqlite_url, command, returns, told):
    here = write(project(), sqlite_url, "pass", engine="engines:make")
    here.write("engines.py", f"def make(url):\n    return {returns}\n")
    assert command(here, "upgrade", status=2).stderr == (
        f"Error: the function that engine names returned {told}, and no engine\n"
        "  return create_engine(url) or create_async_engine(url)\n"
    )
