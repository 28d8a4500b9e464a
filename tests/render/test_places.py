from __future__ import annotations

from dataclasses import replace

import pytest

from alembic_migrate.errors import DatabaseError
from alembic_migrate.render import places
from alembic_migrate.results import Current, DatabaseRevisions, Status

from .records import a_revision


def at(*revisions, base="app", unknown=()):
    found = tuple(
        a_revision(each, is_effective_head=each != "a", is_head=each != "a") for each in revisions
    )
    return Current(base, (DatabaseRevisions("sqlite:///app.db", found, unknown),), at_head=True)


@pytest.mark.parametrize(
    ("answers", "text"),
    [
        ([at("b")], "app: b (head)"),
        ([at("a")], "app: a"),
        ([at()], "app: (none)"),
        ([at("b", "c")], "app: b (head), c (head)"),
        ([at("b"), at(base="x")], "app: b (head)\nx: (none)"),
        ([at(unknown=("z",))], "app: z (not in the folder)"),
    ],
)
def test_current_is_one_line_a_base_where_bases_have_names(answers, text):
    assert places.current(answers, named=True) == text


@pytest.mark.parametrize(
    ("answer", "text"),
    [(at("b", "c"), "b (head)\nc (head)"), (at(), ""), (at("a", unknown=("z",)), None)],
)
def test_current_is_alembics_lines_where_the_base_has_no_name(answer, text):
    expected = "a\nz (not in the folder)" if text is None else text
    assert places.current([answer], named=False) == expected


def test_current_tells_the_databases_of_one_base_apart():
    answer = Current(
        "app",
        (
            DatabaseRevisions("sqlite:///1.db", (a_revision(),)),
            DatabaseRevisions("sqlite:///2.db", ()),
        ),
        at_head=False,
    )
    assert places.current([answer], named=True) == (
        "app (sqlite:///1.db): b (head)\napp (sqlite:///2.db): (none)"
    )


def test_the_long_form_of_several_bases_stands_under_their_names():
    assert places.current([at("b"), at(base="x", unknown=("z",))], named=True, verbose=True) == (
        "[app]\nCurrent revision(s) for sqlite:///app.db:\n"
        "Rev: b (head)\nParent: a\nPath: versions/b.py\n\n    text\n\n"
        "[x]\nCurrent revision(s) for sqlite:///app.db:\nRev: z (not in the folder)"
    )


ROWS = [
    Status("app", "sqlite:///[app].db", ("b",), ("b",), (), "at head"),
    Status("reporting", "pg://u:***@h/db", (), ("c", "d"), (a_revision("c"),), "behind"),
    Status(
        "x",
        None,
        (),
        ("e",),
        None,
        "unreachable",
        DatabaseError("no answer from pg://u:secret@h", hint="start it"),
    ),
]


def test_status_is_a_plain_table_with_what_is_wrong_below():
    assert places.status(ROWS) == (
        "base        database             current   head   pending   state\n"
        "app         sqlite:///[app].db   b         b      0         at head\n"
        "reporting   pg://u:***@h/db      -         c, d   1         behind\n"
        "x           -                    -         e      -         unreachable\n"
        "\n"
        "reporting: pending a -> c (head), text\n"
        "x: no answer from pg://u:***@h\n"
        "  start it"
    )


def test_status_is_never_wrapped_where_nobody_watches():
    row = Status("app", "sqlite:///" + "x" * 500, ("a" * 40,) * 9, ("b",), (), "at head")
    assert len(places.status([row]).split("\n")) == 2


def test_status_lists_the_first_of_what_is_pending_and_all_in_its_long_form():
    pending = tuple(a_revision(each, down=(), is_head=False) for each in "cdefghi")
    pending = tuple(replace(each, is_effective_head=False) for each in pending)
    row = Status("x", None, (), ("i",), pending, "behind")
    shown = [f"x: pending <base> -> {each}, text" for each in "cdefghi"]
    below = places.status([row]).split("\n\n")[1]
    assert below.split("\n") == [*shown[:5], "x: and 2 more; -v shows all"]
    assert places.status([row], verbose=True).split("\n\n")[1].split("\n") == shown


def test_status_tells_who_holds_the_lock():
    rows = [replace(row, lock="process 7 on HOST" if row.base == "x" else None) for row in ROWS]
    assert places.status(rows).split("\n\n")[1] == (
        "reporting: pending a -> c (head), text\n"
        "x: locked by process 7 on HOST\n"
        "x: no answer from pg://u:***@h\n"
        "  start it"
    )


def test_status_has_colours_on_a_terminal_alone():
    assert "\x1b[" not in places.status(ROWS)
    assert "\x1b[32mat head" in places.status(ROWS, colour=True, width=120)


def test_the_bases_that_are_behind_are_named():
    behind = Current("x", (), at_head=False)
    assert places.behind([at("b"), behind]) == "Not on all head revisions: x"
