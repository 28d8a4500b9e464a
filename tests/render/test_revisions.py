from __future__ import annotations

import pytest
from alembic import command

from alembic_migrate.render import places
from alembic_migrate.render import revisions as text_of
from alembic_migrate.results import Current, DatabaseRevisions, Revisions

from .conftest import record
from .records import a_revision

both = pytest.mark.parametrize("verbose", [False, True])


@both
def test_heads_is_what_alembic_prints(history, verbose):
    printed = history.alembic(command.heads, verbose=verbose)
    answer = history.answer(history.script.get_revisions(history.script.get_heads()))
    assert text_of.heads(answer, verbose=verbose) + "\n" == printed


@both
def test_heads_with_dependencies_resolved_is_what_alembic_prints(history, verbose):
    printed = history.alembic(command.heads, verbose=verbose, resolve_dependencies=True)
    answer = history.answer(history.script.get_revisions("heads"))
    assert text_of.heads(answer, verbose=verbose) + "\n" == printed


@both
def test_history_is_what_alembic_prints(history, verbose):
    printed = history.alembic(command.history, verbose=verbose)
    answer = history.answer(history.script.walk_revisions())
    assert text_of.history(answer, verbose=verbose) + "\n" == printed


@both
def test_branches_is_what_alembic_prints(history, verbose):
    printed = history.alembic(command.branches, verbose=verbose)
    scripts = []
    for each in history.script.walk_revisions():
        if each.is_branch_point:
            scripts += [each, *map(history.script.get_revision, each.nextrev)]
    text = text_of.branches(history.answer(scripts), verbose=verbose)
    assert (text + "\n" if text else "") == printed


def test_show_is_what_alembic_prints(history):
    for each in history.script.walk_revisions():
        printed = history.alembic(command.show, each.revision)
        assert text_of.show(history.answer([each])) + "\n" == printed


@both
def test_current_and_its_place_in_the_history_are_what_alembic_prints(history, verbose):
    history.alembic(command.stamp, "heads")
    at = [each.revision for each in history.script.get_revisions("heads")]
    scripts = history.script.get_all_current(tuple(at))
    printed = history.alembic(command.current, verbose=verbose)
    database = f"sqlite:///{history.folder}/file.db"
    there = DatabaseRevisions(database, tuple(record(each, current=at) for each in scripts))
    text = places.current([Current("app", (there,), at_head=True)], named=False, verbose=verbose)
    assert sorted((text + "\n").split("\n")) == sorted(printed.split("\n"))

    printed = history.alembic(command.history, indicate_current=True, verbose=verbose)
    answer = history.answer(history.script.walk_revisions(), current=at)
    text = text_of.history(answer, verbose=verbose, indicate_current=True)
    assert text + "\n" == printed
    assert "(current)" in text


def test_several_bases_stand_under_their_names():
    answers = [Revisions("app", (a_revision(),)), Revisions("x", (a_revision("c", ()),))]
    assert text_of.history(answers) == (
        "[app]\na -> b (head), text\n\n[x]\n<base> -> c (head), text"
    )
    assert text_of.show(answers[:1] * 2) == (
        "[app]\nRev: b (head)\nParent: a\nPath: versions/b.py\n\n    text\n\n"
        "[app]\nRev: b (head)\nParent: a\nPath: versions/b.py\n\n    text"
    )


def test_a_base_without_revisions_is_its_name_alone():
    answers = [Revisions("app", ()), Revisions("x", (a_revision(),))]
    assert text_of.heads(answers) == "[app]\n\n[x]\nb (head)"
    assert text_of.heads(answers[:1]) == ""
