"""Revisions that wait until they are run are told as Alembic tells them."""

from __future__ import annotations

import tempfile
import warnings
from pathlib import Path
from types import SimpleNamespace

import pytest
from alembic.script import ScriptDirectory
from alembic.script.revision import RevisionError, RevisionMap
from alembic.util import CommandError
from hypothesis import HealthCheck, given, settings

from alembic_migrate.bridge.loading import LateScript, load_revisions
from alembic_migrate.bridge.records import record
from alembic_migrate.errors import HistoryError
from tests.history.test_agreement import histories
from tests.projects import revision_text

TARGET = SimpleNamespace(config={"history_index": True}, prefix="")
REFUSALS = (CommandError, RevisionError, UserWarning, KeyError)


def words(text):
    return set(text.replace(",", " ").split())  # labels come out of a set


def told(scripts):
    """Return what each revision says, in the order of the files; labels have none."""
    return [
        (name, record(script), str(script), words(script.log_entry), script.module.__doc__)
        for name, script in scripts._revision_map.items()
        if script is not None and name == script.revision
    ]


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(histories())
def test_any_history_is_the_one_that_alembic_loads(history):
    files, _ = history
    with tempfile.TemporaryDirectory() as root, warnings.catch_warnings(action="error"):
        for folder, name, text in files:
            Path(root, folder).mkdir(exist_ok=True, parents=True)
            Path(root, folder, name).write_text(text)
        folders = [str(Path(root, "one")), str(Path(root, "two"))]
        directory = ScriptDirectory(root, version_locations=folders)
        ours = RevisionMap(lambda: load_revisions(directory, TARGET))
        try:
            expected = told(directory.revision_map)
        except REFUSALS:
            with pytest.raises((HistoryError, *REFUSALS)):
                told(ours)
            return
        assert told(ours) == expected
        assert (ours.heads, ours.bases) == (
            directory.revision_map.heads,
            directory.revision_map.bases,
        )
        assert all(type(each) is LateScript for each in ours._revision_map.values() if each)


@pytest.fixture
def three(tutorial, command):
    """A project of three revisions, of which the database has the first."""

    def made(first: str = "", last: str = ""):
        files = {"a1": (None, ""), "b2": ("a1", ""), "c3": ("b2", last)}
        write = tutorial.write
        for name, (down, more) in files.items():
            text = revision_text(name, down, upgrade=f"op.execute('CREATE TABLE {name} (x int)')")
            write(f"migrations/versions/{name}.py", text + more)
        command(tutorial, "upgrade", "a1")
        path = "migrations/versions/a1.py"
        write(path, tutorial.read(path) + first)
        return tutorial

    return made


def test_what_is_applied_is_not_run_again(three, command):
    project = three(first="\nfrom sqlalchemy import NoSuchThing\n")
    assert "2 revisions" in command(project, "upgrade").stdout


def test_what_may_matter_to_others_is_run_all_the_same(three, command):
    project = three(first="\nimport no_such_module\n")
    assert "a1.py cannot be loaded" in command(project, "upgrade", status=1).stderr


def test_what_cannot_be_loaded_is_told_before_anything_runs(three, command):
    project = three(last="\nfrom sqlalchemy import NoSuchThing\n")
    assert "c3.py cannot be loaded" in command(project, "upgrade", status=1).stderr
    assert project.stamped("sqlite:///demo.db") == ["a1"]
