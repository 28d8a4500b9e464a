from __future__ import annotations

import pytest

from alembic_migrate.render import runs
from alembic_migrate.results import Step

from .records import a_run

STEPS = (Step("b", "", 0.1), Step("c", "", 0.1))


@pytest.mark.parametrize(
    ("run", "text"),
    [
        (a_run(), "app: upgraded to b (head), 1 revision"),
        (a_run(after=("b", "c"), steps=STEPS), "app: upgraded to b (head), c, 2 revisions"),
        (a_run(before=("b",), steps=()), "app: already at b (head)"),
        (a_run(before=(), after=(), heads=()), "app: nothing to do: the folder has no revisions"),
        (a_run(before=(), after=()), "app: already at base"),
        (
            a_run(verb="downgrade", after=(), steps=STEPS[:1]),
            "app: downgraded to base, 1 revision",
        ),
        (a_run(verb="downgrade", before=(), after=()), "app: already at base"),
        (a_run(verb="stamp", steps=()), "app: stamped b (head)"),
        (a_run(verb="stamp", after=(), steps=()), "app: stamped base"),
        (a_run(verb="stamp", before=("b",), steps=()), "app: already at b (head)"),
        (a_run(verb="ensure-version"), "app: the version table is there"),
        (a_run(verb="resolve"), "app: resolved: the database is at b (head)"),
        (a_run(verb="resolve", after=(), steps=()), "app: resolved: the database is at base"),
        (
            a_run(
                after=("a",), steps=(Step("b", "make b", 0.25), Step("c", "", 61)), rehearsed=True
            ),
            (
                "app: rehearsed 2 revisions and rolled back; still at a\n"
                "  b  0.250 s  make b\n"
                "  c  61.000 s"
            ),
        ),
        (
            a_run(before=("b",), steps=(), rehearsed=True),
            "app: nothing to rehearse: already at b (head)",
        ),
    ],
)
def test_a_run_is_told_in_one_line(run, text):
    assert runs.runs([run], named=True) == text


def test_a_base_without_a_name_is_not_named():
    assert runs.runs([a_run()], named=False) == "Upgraded to b (head), 1 revision"
    assert runs.runs([a_run(verb="ensure-version")], named=False) == "The version table is there"


def test_a_script_is_printed_as_it_is():
    assert runs.script([a_run(sql="BEGIN;\n\nCOMMIT;\n\n")]) == "BEGIN;\n\nCOMMIT;"


def test_the_scripts_of_several_bases_stand_under_their_names():
    scripts = [a_run(sql="BEGIN;\n"), a_run(base="x", sql="\nCOMMIT;\n"), a_run(base="y")]
    assert runs.script(scripts) == ("-- base: app\nBEGIN;\n\n-- base: x\nCOMMIT;\n\n-- base: y")
