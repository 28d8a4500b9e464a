"""``alembic-db.sum``: kept by what writes revisions, told about where a file is another."""

from __future__ import annotations

import hashlib
import re

import pytest

from tests import projects

SUM = "migrations/alembic-db.sum"
FILES = {"a": "versions/a_the_a.py", "b": "versions/b_the_b.py"}
MEND = "alembic-db sum --write"


def sum_of(shop, name):
    return hashlib.sha256(
        (shop.root / "migrations" / name).read_bytes().rstrip() + b"\n"
    ).hexdigest()


def lines(shop):
    """Return the lines of the file of sums, each sum as it should be replaced by the word ok."""
    found = []
    for line in shop.read(SUM).splitlines():
        match = re.fullmatch(r"1 (\w{64}) (\S+) (.+)", line)
        true = match and match[1] == sum_of(shop, match[3])
        found.append(f"1 ok {match[2]} {match[3]}" if match and true else line)
    return found


def codes(command, shop, status=4):
    answer = command(shop, "sum", "--format", "json", status=status).json
    return [each["code"] for each in answer["bases"][0]["findings"]]


def path(shop, name="b"):
    return shop.root / "migrations" / FILES[name]


# --- kept ------------------------------------------------------------------------------------


def test_the_first_line_is_the_head_and_each_revision_has_a_line(shop):
    assert lines(shop) == ["head b", f"1 ok a {FILES['a']}", f"1 ok b {FILES['b']}"]


def test_every_command_that_writes_a_revision_keeps_the_file(shop, command):
    command(shop, "revision", "--rev-id", "c", "--head", "a", "--splice", "-m", "the c")
    assert lines(shop)[0] == "head b c"
    command(shop, "merge", "--rev-id", "d", "-m", "the d")
    assert lines(shop)[0] == "head d"
    command(shop, "upgrade")
    command(shop, "migrate", "--rev-id", "e", "-m", "the e")
    assert lines(shop) == [
        "head e",
        f"1 ok a {FILES['a']}",
        f"1 ok b {FILES['b']}",
        "1 ok c versions/c_the_c.py",
        "1 ok d versions/d_the_d.py",
        "1 ok e versions/e_the_e.py",
    ]


def test_the_sum_is_that_of_the_file_after_its_post_write_hooks(shop, command):
    hook = '[{name="add", type="exec", executable="sh", options="-c \'echo # more >> $0\' FILE"}]'
    hook = hook.replace("FILE", "REVISION_SCRIPT_FILENAME").replace("# more", '\\"# more\\"')
    command(shop, "revision", "--rev-id", "c", "-m", "c", "--set", f"post_write_hooks={hook}")
    assert shop.read("migrations/versions/c_c.py").endswith("# more\n")
    assert lines(shop)[-1] == "1 ok c versions/c_c.py"


def test_without_the_key_no_file_is_made(tutorial, command):
    command(tutorial, "init")
    command(tutorial, "revision", "--rev-id", "a", "-m", "a")
    assert tutorial.files("migrations/versions") == ["migrations/versions/a_a.py"]
    assert not (tutorial.root / SUM).exists()
    assert command(tutorial, "sum").stdout == "No sums are kept (sum = true keeps them)\n"
    refused = command(tutorial, "sum", "--write", status=2)
    assert refused.stderr == (
        "Error: no alembic-db.sum is kept, so that it would not be true for long\n"
        "  set it under [tool.alembic-migrate]:\n"
        "  sum = true\n"
    )


def test_a_file_that_is_missing_is_made_with_the_next_revision(shop, command):
    (shop.root / SUM).unlink()
    command(shop, "revision", "--rev-id", "c", "-m", "c")
    assert lines(shop) == [
        "head c",
        f"1 ok a {FILES['a']}",
        f"1 ok b {FILES['b']}",
        "1 ok c versions/c_c.py",
    ]


def test_where_the_sum_cannot_be_written_there_is_no_revision(shop, command):
    before = shop.read(SUM)
    (shop.root / SUM).write_text(before.replace("head b", "2 nonsense"))
    broken = (shop.root / SUM).read_bytes()
    files = shop.files("migrations")
    said = command(shop, "revision", "--rev-id", "c", "-m", "c", status=1).stderr
    assert said == (
        f"Error: {shop.root / SUM}:1 is not what stands there: the word head and the heads\n"
        f"  put it back from git, or write it anew: {MEND}\n"
    )
    assert shop.files("migrations") == files
    assert (shop.root / SUM).read_bytes() == broken


def test_a_new_revision_does_not_hide_that_another_was_edited(shop, command):
    path(shop, "a").write_text(path(shop, "a").read_text() + "# edited\n")
    command(shop, "revision", "--rev-id", "c", "-m", "c")
    assert codes(command, shop) == ["edited-revision"]


# --- compared --------------------------------------------------------------------------------


def test_files_as_they_were_written_agree(shop, command):
    assert command(shop, "sum").stdout == f"Nothing differs from {SUM}: 2 revisions\n"


@pytest.mark.parametrize(
    "change",
    [
        lambda content: content.replace(b"\n", b"\r\n"),
        lambda content: content.rstrip(),
        lambda content: content + b"\n  \n",
        lambda content: b"\xef\xbb\xbf" + content,
    ],
    ids=["line ends", "no newline at the end", "blanks at the end", "byte order mark"],
)
def test_what_git_and_editors_do_to_a_text_is_no_edit(change, shop, command):
    path(shop).write_bytes(change(path(shop).read_bytes()))
    assert codes(command, shop, status=0) == []


def test_a_file_of_sums_with_other_line_ends_is_read(shop, command):
    file = shop.root / SUM
    file.write_bytes(file.read_bytes().replace(b"\n", b"\r\n"))
    assert codes(command, shop, status=0) == []


def test_an_edited_a_removed_and_an_untracked_revision_are_told(shop, command):
    path(shop, "a").write_text(path(shop, "a").read_text() + "# edited\n")
    path(shop, "b").unlink()
    new = shop.write("migrations/versions/c.py", projects.revision_text("c", "a"))
    said = command(shop, "sum", status=4)
    assert said.stdout == (
        f"Revision a: {path(shop, 'a')} was edited after it was written\n"
        f"  put it back: git checkout -- {path(shop, 'a')}\n"
        f"  or, if it is meant: {MEND}\n"
        f"Revision b: {path(shop, 'b')} is gone\n"
        f"  put it back: git checkout -- {path(shop, 'b')}\n"
        f"  or, if it is meant: {MEND}\n"
        f"Revision c: {new} is not in alembic-db.sum\n"
        f"  if it is meant: {MEND}\n"
    )
    assert said.stderr == ""


def test_a_head_that_is_another_is_told(shop, command):
    (shop.root / SUM).write_text(shop.read(SUM).replace("head b", "head a"))
    assert command(shop, "sum", status=4).stdout == (
        f"{shop.root / SUM}:1 says that the head is a; it is b\n  write it anew: {MEND}\n"
    )


def test_a_missing_file_is_told(shop, command):
    (shop.root / SUM).unlink()
    assert command(shop, "sum", status=4).stdout == (
        f"{shop.root / SUM} is missing, and sum = true asks for it\n"
        f"  put it back from git, or write it anew: {MEND}\n"
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", ":1 is not what stands there: the word head and the heads"),
        ("head b\nnonsense\n", ":2 is not what stands there: format, sum, revision and file"),
        (
            "head b\n" + f"1 {'0' * 64} b versions/b.py\n" * 2,
            ":3 names versions/b.py for the second time",
        ),
        (
            f"head b\n2 {'0' * 64} b versions/b.py\n",
            ":2 has format 2, and this version of alembic-migrate knows format 1",
        ),
    ],
)
def test_a_file_that_cannot_be_read_is_a_finding(text, message, shop, command):
    (shop.root / SUM).write_text(text)
    found = command(shop, "sum", "--format", "json", status=4).json["bases"][0]["findings"]
    assert [each["code"] for each in found] == ["sum-unreadable"]
    assert found[0]["message"] == f"{shop.root / SUM}{message}"


def test_writing_it_anew_takes_the_files_as_they_are(shop, command):
    path(shop, "a").write_text(path(shop, "a").read_text() + "# edited\n")
    shop.write("migrations/versions/c.py", projects.revision_text("c", "a"))
    said = command(shop, "sum", "--write")
    assert said.stdout == f"Wrote {SUM}: 3 revisions\n"
    assert lines(shop) == [
        "head b c",
        f"1 ok a {FILES['a']}",
        f"1 ok b {FILES['b']}",
        "1 ok c versions/c.py",
    ]
    assert codes(command, shop, status=0) == []


def test_a_file_whose_id_cannot_be_read_has_a_line_all_the_same(shop, command):
    shop.write("migrations/versions/c.py", 'revision = "".join("c")\ndown_revision = "b"\n')
    command(shop, "sum", "--write")
    assert lines(shop)[-1] == "1 ok - versions/c.py"
    assert codes(command, shop, status=0) == []


def test_revisions_elsewhere_are_summed_too(shop, command):
    more = 'version_locations=["migrations/versions", "other"]'
    shop.write("other/c.py", projects.revision_text("c", "b"))
    command(shop, "sum", "--write", "--set", more)
    assert lines(shop)[-1] == "1 ok c ../other/c.py"


# --- told before a database is changed -------------------------------------------------------


@pytest.mark.parametrize("words", ["upgrade", "stamp head", "upgrade --sql", "downgrade base"])
def test_what_changes_a_database_warns_and_goes_on(words, shop, command):
    command(shop, "upgrade", "a")
    path(shop).write_text(path(shop).read_text() + "# edited\n")
    said = command(shop, *words.split(), "-q").stderr
    assert said == (
        f"Warning: revision b: {path(shop)} was edited after it was written\n"
        "Warning: alembic-db sum shows what differs from alembic-db.sum\n"
    )


def test_tenants_have_one_history_that_is_told_of_once(shop, command):
    path(shop).write_text(path(shop).read_text() + "# edited\n")
    tenants = 'tenants={names=["one", "two"], url="sqlite:///{tenant}.db"}'
    said = command(shop, "upgrade", "-q", "--set", tenants).stderr
    assert said == (
        f"Warning: revision b: {path(shop)} was edited after it was written\n"
        "Warning: alembic-db sum shows what differs from alembic-db.sum\n"
    )


def test_of_many_differences_three_are_told(shop, command):
    for number in range(5):
        shop.write(f"migrations/versions/c{number}.py", projects.revision_text(f"c{number}", "b"))
    said = command(shop, "upgrade", "heads", "-q").stderr.splitlines()
    assert [line.rpartition("/")[2] for line in said[:3]] == [
        "c0.py is not in alembic-db.sum",
        "c1.py is not in alembic-db.sum",
        "c2.py is not in alembic-db.sum",
    ]
    assert said[3:] == [
        "Warning: 2 more differences; alembic-db sum shows what differs from alembic-db.sum"
    ]


def test_each_of_several_bases_has_a_file_of_its_own(two_bases, command):
    command(two_bases, "init", "--all")
    command(two_bases, "revision", "--all", "-m", "x", "--set", "sum=true")
    assert all(
        (two_bases.root / "migrations" / base / "alembic-db.sum").is_file()
        for base in ("app", "reporting")
    )
    asked = command(two_bases, "sum", "--write", "--set", "sum=true", status=2)
    assert "--base" in asked.stderr
    both = command(two_bases, "sum", "--set", "sum=true").stdout
    assert both == (
        "app: nothing differs from migrations/app/alembic-db.sum: 1 revision\n"
        "reporting: nothing differs from migrations/reporting/alembic-db.sum: 1 revision\n"
    )
