"""Two branches of git that both add a revision meet in the file of sums, not at deployment."""

from __future__ import annotations

import pytest

SUM = "migrations/alembic-db.sum"


@pytest.fixture
def branches(shop, git, command):
    """Branches ``one`` and ``two`` of git, each with a revision of its own after b."""
    for branch in ("one", "two"):
        git("checkout", "-q", "-b", branch, "main")
        command(shop, "revision", "--rev-id", f"from_{branch}", "-m", f"of {branch}")
        git("add", "-A")
        git("commit", "-q", "-m", branch)
    return shop


def test_git_stops_at_the_merge_and_nowhere_else(branches, git):
    git("merge", "one", status=1)
    assert git("diff", "--name-only", "--diff-filter=U") == f"{SUM}\n"


def test_without_the_file_git_merges_them_in_silence(branches, git):
    for branch in ("one", "two"):
        git("checkout", "-q", branch)
        git("rm", "-q", SUM)
        git("commit", "-q", "-m", "no sums")
    git("merge", "one")


def test_two_branches_that_take_the_same_id_meet_too(shop, git, command):
    for branch in ("one", "two"):
        git("checkout", "-q", "-b", branch, "main")
        command(shop, "revision", "--rev-id", "0003", "-m", f"of {branch}")
        git("add", "-A")
        git("commit", "-q", "-m", branch)
    git("merge", "one", status=1)
    assert git("diff", "--name-only", "--diff-filter=U") == f"{SUM}\n"


def test_two_branches_of_one_history_meet_too(shop, git, command):
    """Labelled branches grow apart in Alembic as well, and still change the line of the heads."""
    command(shop, "revision", "--head", "a", "--splice", "--rev-id", "c", "-m", "c")
    git("add", "-A")
    git("commit", "-q", "-m", "two heads")
    for branch, head in (("one", "b"), ("two", "c")):
        git("checkout", "-q", "-b", branch, "main")
        command(shop, "revision", "--head", head, "--rev-id", f"after_{head}", "-m", "x")
        git("add", "-A")
        git("commit", "-q", "-m", branch)
    git("merge", "one", status=1)
    assert git("diff", "--name-only", "--diff-filter=U") == f"{SUM}\n"


def test_the_marks_of_the_conflict_are_a_finding_and_a_warning(branches, git, command):
    git("merge", "one", status=1)
    message = (
        f"{branches.root / SUM}:1 has the marks of a merge conflict: two branches of git changed "
        "the history"
    )
    assert command(branches, "sum", status=4).stdout == (
        f"{message}\n"
        "  alembic-db heads shows what there is now; then write it anew: alembic-db sum --write\n"
    )
    assert command(branches, "upgrade", "heads", "-q").stderr == (
        f"Warning: {message}\nWarning: alembic-db sum shows what differs from alembic-db.sum\n"
    )


@pytest.mark.parametrize("style", ["merge", "diff3", "zdiff3"])
def test_merging_the_heads_ends_the_conflict(style, branches, git, command):
    git("-c", f"merge.conflictStyle={style}", "merge", "one", status=1)
    command(branches, "merge", "--rev-id", "both", "-m", "both")
    assert command(branches, "sum").stdout == f"Nothing differs from {SUM}: 5 revisions\n"
    assert branches.read(SUM).splitlines()[0] == "head both"


def test_writing_the_file_anew_ends_the_conflict(branches, git, command):
    git("merge", "one", status=1)
    command(branches, "sum", "--write")
    assert branches.read(SUM).splitlines()[0] == "head from_one from_two"
    assert command(branches, "sum").stdout == f"Nothing differs from {SUM}: 4 revisions\n"


def test_a_revision_that_a_conflict_hides_an_edit_of_stays_a_finding(branches, git, command):
    file = branches.root / "migrations" / "versions" / "a_the_a.py"
    file.write_text(file.read_text() + "# edited\n")
    git("commit", "-q", "-a", "-m", "edited by hand")
    git("merge", "one", status=1)
    command(branches, "merge", "--rev-id", "both", "-m", "both")
    found = command(branches, "sum", "--format", "json", status=4).json["bases"][0]["findings"]
    assert [(each["code"], each["data"]["revision"]) for each in found] == [
        ("edited-revision", "a")
    ]
