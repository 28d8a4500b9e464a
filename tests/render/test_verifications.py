"""The text of what verify found."""

from __future__ import annotations

from alembic_migrate.render.verifications import findings, verifications
from alembic_migrate.results import Finding, Step
from alembic_migrate.verifications import Question, Verification

STEPS = (Step("a", "make books", 0.25), Step("b", "", 1.5))
FOUND = Finding("left-behind", "the downgrade of revision b leaves type mood", "drop it\nthere")
NOTE = Finding("irreversible", "revision a says that there is no way back")
ANSWERS = (
    Verification(
        "app", ok=True, server=None, revisions=1, questions=(Question("history", "ok", 0.5),)
    ),
    Verification(
        "reporting",
        ok=False,
        server="postgresql://u:***@h/d",
        revisions=2,
        questions=(
            Question("up", "ok", 2.0, steps=STEPS),
            Question("down", "failed", 0.125, (FOUND,), (NOTE,), STEPS[:1]),
            Question("again", "skipped", reason="what the downgrades leave behind is in its way"),
        ),
    ),
)
TEXT = """\
app: verified, 1 revision
  history  ok      0.50 s

reporting: 1 finding, 2 revisions
  up     ok      2.00 s, 1.50 s of it b
  down   failed  0.12 s
    the downgrade of revision b leaves type mood
      drop it
      there
    note: revision a says that there is no way back
  again  skipped: what the downgrades leave behind is in its way"""


def test_each_base_is_a_block_with_its_questions():
    assert verifications(ANSWERS, named=True) == TEXT


def test_every_revision_has_its_time_where_the_long_form_is_asked_for():
    assert verifications(ANSWERS[1:], named=True, verbose=True).splitlines()[1:4] == [
        "  up     ok      2.00 s, 1.50 s of it b",
        "      0.25 s  a  make books",
        "      1.50 s  b",
    ]


def test_findings_alone_are_told_where_no_more_is_asked_for():
    told = "The downgrade of revision b leaves type mood\n  drop it\n  there"
    assert verifications(ANSWERS, named=False, quiet=True) == told
    assert verifications(ANSWERS[:1], named=False, quiet=True) == ""
    assert findings(ANSWERS[1].questions[1]) == (
        "the downgrade of revision b leaves type mood\n  drop it\n  there"
    )


def test_findings_that_one_line_mends_stand_above_it():
    found = tuple(Finding("model-change", f"no revision does {n}", "do it") for n in "ab")
    assert findings(Question("models", "failed", findings=found)) == (
        "no revision does a\nno revision does b\n  do it"
    )


def test_a_base_without_a_name_has_none():
    (first, *_) = verifications(ANSWERS, named=False).splitlines()
    assert first == "Verified, 1 revision"
