"""The library's face as a program uses it: results and errors as values, and nothing else."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import logging
import os
import sys
import threading
import warnings
from pathlib import Path

import pytest
import sqlalchemy

import alembic_migrate
from alembic_migrate import errors, findings, plans, results, verifications
from alembic_migrate.events import Event
from tests import projects


@pytest.fixture(autouse=True)
def silent(capfd):
    """Whatever a test does, the library prints nothing."""
    yield
    assert tuple(capfd.readouterr()) == ("", "")


@pytest.fixture(autouse=True)
def own_environment(monkeypatch):
    for name in ("ALEMBIC_BASE", "APP_URL", "REPORTING_URL"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def shop(two_bases):
    """Two bases whose models are in their databases, made with the library itself."""
    everything = alembic_migrate.load(two_bases.root, all_bases=True)
    everything.init()
    everything.migrate("first tables")
    everything.upgrade()
    return two_bases


VERBS = {
    "init": ((), results.Initialised),
    "revision": (("empty",), results.Written),
    "migrate": (("more",), results.Written),
    "merge": ((), results.Written),
    "plan": ((), plans.Plan),
    "upgrade": ((), results.Run),
    "downgrade": (("base",), results.Run),
    "stamp": (("head",), results.Run),
    "ensure_version": ((), results.Run),
    "current": ((), results.Current),
    "status": ((), results.Status),
    "check": ((), results.Check),
    "verify": ((), verifications.Verification),
    "lint": ((), findings.Lint),
    "sum": ((), findings.SumCheck),
    "heads": ((), results.Revisions),
    "branches": ((), results.Revisions),
    "show": ((), results.Revisions),
    "history": ((), results.Revisions),
    "config_rows": ((), results.ConfigRow),
    "list_templates": ((), results.Template),
}


@pytest.mark.parametrize("verb", VERBS)
def test_a_verb_returns_frozen_records_that_are_plain_json(two_bases, verb):
    project = alembic_migrate.load(two_bases.root, all_bases=True)
    if verb != "init":
        project.init()
    if verb not in {"init", "migrate"}:
        project.migrate("first tables")
    if verb == "downgrade":
        project.upgrade()
    arguments, kind = VERBS[verb]
    found = getattr(project, verb)(*arguments)
    assert type(found) is tuple
    assert {type(record) for record in found} == {kind}
    first = found[0]
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(first, dataclasses.fields(first)[0].name, "changed")
    document = results.as_json(found)
    assert json.loads(json.dumps(document)) == document
    names = [field.name for field in dataclasses.fields(kind) if field.name != "tenant"]
    assert [list(each) for each in document] == [names] * len(document)
    if "base" in names:
        assert list(dict.fromkeys(each["base"] for each in document)) == (
            ["reporting", "app"] if verb == "downgrade" else ["app", "reporting"]
        )


def test_the_records_hold_what_happened(two_bases):
    project = alembic_migrate.load(two_bases.root, base="app")
    assert (project.root, project.file) == (two_bases.root, two_bases.root / "pyproject.toml")
    assert (project.names, project.named) == (("app", "reporting"), True)
    folder = two_bases.root / "migrations/app"
    assert project.init() == (
        results.Initialised(
            "app", folder, tuple(folder / name for name in ("README", "env.py", "script.py.mako"))
        ),
    )
    (written,) = project.migrate("first tables", rev_id="a1")
    assert [change.text for change in written.changes] == [
        "add table customer",
        "add table purchase",
    ]
    (revision,) = written.revisions
    assert (revision.revision, revision.message) == ("a1", "first tables")
    assert revision.path == folder / "versions/a1_first_tables.py"
    (run,) = project.upgrade()
    assert (run.before, run.after, run.heads) == ((), ("a1",), ("a1",))
    assert run.database == f"sqlite:///{two_bases.root}/app.db"
    (step,) = run.steps
    assert (step.revision, step.message) == ("a1", "first tables")
    assert 0 < step.seconds < 60
    (current,) = project.current()
    assert current.at_head
    assert [each.revision for each in current.databases[0].revisions] == ["a1"]
    assert project.check()[0].findings == ()
    assert project.migrate("nothing") == (results.Written("app", (), reason="no changes detected"),)
    (script,) = project.upgrade(sql=True)
    assert script.sql is not None
    assert script.sql.startswith("CREATE TABLE alembic_version (")


def test_a_report_is_told_what_happens(two_bases):
    project = alembic_migrate.load(two_bases.root, base="app")
    project.init()
    project.migrate("first tables", rev_id="a1")
    told = []
    project.upgrade(report=told.append)
    assert {type(event) for event in told} == {Event}
    assert [event for event in told if event.kind == "step"] == [
        Event("step", "Running upgrade  -> a1, first tables", "app")
    ]
    statements = [event.message for event in told if event.kind == "sql"]
    assert any(statement.startswith("CREATE TABLE customer") for statement in statements)


def test_edit_returns_the_files_it_opened(shop, monkeypatch):
    monkeypatch.setenv("EDITOR", "true")
    (path,) = alembic_migrate.load(shop.root, base="app").edit()
    assert path == shop.root / "migrations/app/versions" / shop.versions("app")[0]


# --- what load() takes -----------------------------------------------------------------------


def test_variables_come_from_the_mapping_that_was_given_alone(two_bases, monkeypatch):
    monkeypatch.setenv("APP_URL", "sqlite:///not-this.db")
    monkeypatch.setenv("ALEMBIC_BASE", "reporting")
    project = alembic_migrate.load(
        two_bases.root, environ={"APP_URL": "sqlite:///this.db", "ALEMBIC_BASE": "app"}
    )
    project.init()
    assert [(run.base, run.database) for run in project.ensure_version()] == [
        ("app", f"sqlite:///{two_bases.root}/this.db")
    ]


def test_a_url_object_keeps_its_password_and_shows_it_nowhere(shop, postgresql_url):
    url = sqlalchemy.make_url(postgresql_url)
    assert url.password
    project = alembic_migrate.load(shop.root, base="app", url=url)
    (run,) = project.upgrade()
    assert run.database == url.render_as_string(hide_password=True)
    (current,) = project.current()
    rows = project.config_rows()
    for shown in (run, current, rows, project):
        assert url.password not in repr(shown)
        assert url.password not in json.dumps(results.as_json(shown))


@pytest.mark.parametrize("kind", [str, Path])
def test_folders_and_files_are_strings_or_paths(shop, kind):
    file = kind(shop.root / "pyproject.toml")
    folder = kind(shop.root / "migrations" / "app")
    for project in (
        alembic_migrate.load(kind(shop.root), base="app"),
        alembic_migrate.load(config=file, base="app"),
        alembic_migrate.load(config=file, base="app", directory=folder),
    ):
        assert project.current()[0].at_head


def test_arguments_and_settings_reach_the_run(shop):
    shop.write(
        "migrations/app/env.py",
        """
        from alembic import context
        from alembic_migrate.environment import run_migrations

        assert context.get_x_argument(as_dictionary=True) == {"a": "1"}
        run_migrations()
        """,
    )
    project = alembic_migrate.load(
        shop.root, base="app", x=["a=1"], settings=['version_table = "revisions"']
    )
    project.ensure_version()
    assert shop.tables("sqlite:///app.db") == [
        "alembic_version",
        "customer",
        "purchase",
        "revisions",
    ]


def test_the_working_folder_is_the_project_by_default(shop, monkeypatch):
    monkeypatch.chdir(shop.root / "shop")
    assert alembic_migrate.load(base=["app", "reporting"]).root == shop.root
    (run,) = alembic_migrate.load(base="app", url="sqlite:///here.db").ensure_version()
    assert run.database == f"sqlite:///{shop.root}/shop/here.db"


# --- errors ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("load", "work", "kind", "code", "status"),
    [
        ({"base": "nope"}, "heads", errors.UsageError, "usage", 2),
        ({"base": "app"}, "show zz", errors.RevisionNotFound, "revision-not-found", 2),
        ({"settings": ["x=1"]}, "heads", errors.UsageError, "usage", 2),
        ({"config": "nowhere.toml"}, "heads", errors.ConfigError, "configuration", 2),
        (
            {"base": "app", "settings": ["metadata='no:thing'"]},
            "check",
            errors.DiscoveryError,
            "discovery",
            2,
        ),
        ({"base": "app"}, "upgrade two", errors.HistoryError, "history", 1),
        ({"base": "app", "url": "sqlite:////"}, "upgrade", errors.DatabaseError, "database", 1),
        ({"base": "app"}, "upgrade broken", errors.MigrationError, "migration", 1),
        (
            {"base": "app", "settings": ["protected=true"]},
            "downgrade",
            errors.ConsentError,
            "consent",
            3,
        ),
        ({"url": None, "all_bases": True}, "upgrade broken", errors.BasesFailed, "bases-failed", 1),
    ],
)
def test_an_error_is_a_class_with_a_code_and_an_exit_status(shop, load, work, kind, code, status):
    verb, _, word = work.partition(" ")
    (head,) = alembic_migrate.load(shop.root, base="app").heads()[0].revisions
    texts = {
        "two": {"b": projects.revision_text("b"), "c": projects.revision_text("c")},
        "broken": {"b": projects.revision_text("b", head.revision, upgrade="1 / 0")},
    }
    for name, text in texts.get(word, {}).items():
        shop.write(f"migrations/app/versions/{name}.py", text)
    arguments = () if word in {"", *texts} else (word,)
    with pytest.raises(errors.AlembicMigrateError) as raised:
        getattr(alembic_migrate.load(**{"project": shop.root, **load}), verb)(*arguments)
    error = raised.value
    assert type(error) is kind
    assert (error.code, error.exit_status) == (code, status)
    assert str(error) == error.message
    document = results.as_json(error)
    assert json.loads(json.dumps(document)) == document
    assert (document["code"], document["message"]) == (code, error.message)


def test_where_one_of_several_bases_fails_the_error_holds_what_happened_to_each(shop):
    alembic_migrate.load(shop.root, all_bases=True).downgrade()
    project = alembic_migrate.load(
        shop.root, all_bases=True, environ={"APP_URL": f"sqlite:///{shop.root}/no/such.db"}
    )
    with pytest.raises(errors.BasesFailed) as raised:
        project.upgrade(keep_going=True)
    assert raised.value.exit_status == 6
    app, reporting = raised.value.outcomes
    assert (app.base, app.result, type(app.error)) == ("app", None, errors.ConfigError)
    assert (reporting.base, reporting.error) == ("reporting", None)
    assert reporting.result.verb == "upgrade"

    with pytest.raises(errors.BasesFailed) as raised:
        project.upgrade()
    assert [(each.base, each.result) for each in raised.value.outcomes] == [
        ("app", None),
        ("reporting", None),
    ]
    assert raised.value.message == "1 of 2 bases failed: app; 1 not tried"


def test_a_script_that_exits_does_not_take_the_program_with_it(shop):
    shop.write("migrations/app/env.py", "import sys\nsys.exit(3)\n")
    with pytest.raises(errors.ConfigError) as raised:
        alembic_migrate.load(shop.root, base="app").upgrade()
    assert raised.value.message == (
        f"the environment script {shop.root}/migrations/app/env.py failed: "
        f"{shop.root}/migrations/app/env.py:2: it called sys.exit(3)"
    )


# --- the program around it -------------------------------------------------------------------


def test_an_application_starts_only_where_its_databases_are_at_head(shop, monkeypatch):
    def start():
        alembic_migrate.load(shop.root).require_head()

    start()
    alembic_migrate.load(shop.root, base="reporting").downgrade()
    with pytest.raises(errors.NotAtHead) as refused:
        start()
    error = refused.value
    assert (error.code, error.exit_status) == ("not-at-head", 4)
    assert error.message == (
        f"not every database is at head: sqlite:///{shop.root}/reporting.db is empty"
    )
    assert error.hint == "alembic-db upgrade --all"
    assert [(row["base"], row["state"]) for row in error.data["bases"]] == [("reporting", "empty")]

    url = f"sqlite:///{shop.root}/no/such.db"
    monkeypatch.setenv("REPORTING_URL", url)
    with pytest.raises(errors.NotAtHead) as refused:
        start()
    assert refused.value.message == f"not every database is at head: {url} is error"
    assert not (shop.root / "no").exists()


@pytest.mark.parametrize("driver", ["sqlite", "sqlite+aiosqlite"])
def test_it_works_inside_a_running_event_loop(shop, driver):
    project = alembic_migrate.load(shop.root, base="app", url=f"{driver}:///{shop.root}/other.db")

    async def serve():
        return project.upgrade(), project.current(), project.check(), project.downgrade()

    upgraded, current, checked, downgraded = asyncio.run(serve())
    assert upgraded[0].steps
    assert current[0].at_head
    assert checked[0].findings == ()
    assert downgraded[0].after == ()


def test_threads_may_read_at_once(shop):
    found = []

    def read():
        found.append(alembic_migrate.load(shop.root, all_bases=True).status())

    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4
    assert {tuple(row.state for row in rows) for rows in found} == {("at head", "at head")}


def test_loggers_warnings_signals_and_the_environment_are_as_before(shop):
    import signal

    own = logging.getLogger("application")
    own.setLevel(logging.DEBUG)
    handler = logging.NullHandler()
    own.addHandler(handler)
    shop.write(
        "migrations/app/env.py",
        """
        import logging
        from logging.config import fileConfig

        from alembic import context
        from alembic_migrate.environment import run_migrations

        fileConfig(context.config.config_file_name)
        logging.getLogger("application").setLevel(logging.ERROR)
        run_migrations()
        """,
    )

    def state():
        root = logging.getLogger()
        return (
            (root.level, root.handlers[:], own.level, own.handlers[:], own.disabled),
            (warnings.filters[:], warnings.showwarning),
            {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)},
            (dict(os.environ), Path.cwd(), sys.stdout, sys.stderr, sys.argv[:]),
        )

    try:
        before = state()
        project = alembic_migrate.load(shop.root, base="app")
        project.downgrade()
        project.upgrade()
        project.check()
        assert state() == before
    finally:
        own.removeHandler(handler)
        own.setLevel(logging.NOTSET)


def test_a_project_stays_importable_after_a_run_and_nothing_else_is_added(shop):
    before = sys.path[:]
    alembic_migrate.load(shop.root, base="app").check()
    assert sys.path == [str(shop.root), *(folder for folder in before if folder != str(shop.root))]


def test_loading_reads_no_module_and_touches_no_database(two_bases):
    two_bases.write("shop/app.py", "raise SystemExit('imported')\n")
    project = alembic_migrate.load(two_bases.root, all_bases=True)
    assert project.names == ("app", "reporting")
    assert "shop.app" not in sys.modules
    assert not list(two_bases.root.glob("*.db"))


def test_what_a_revision_depends_on_is_a_tuple_however_the_file_writes_it(shop):
    (head,) = alembic_migrate.load(shop.root, base="app").heads()[0].revisions
    for name, needs in (("one", head.revision), ("two", (head.revision, "one"))):
        text = projects.revision_text(name, depends_on=needs)
        shop.write(f"migrations/app/versions/{name}.py", text)
    project = alembic_migrate.load(shop.root, base="app")
    assert project.show("one")[0].revisions[0].depends_on == (head.revision,)
    assert project.show("two")[0].revisions[0].depends_on == (head.revision, "one")
