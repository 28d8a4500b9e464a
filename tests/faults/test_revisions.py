"""Revision files, targets, and what is typed for new revisions."""

from __future__ import annotations

import ast
import subprocess

import pytest

from tests.faults.faulty import refused, shown
from tests.projects import COMMAND, environment, revision_text

VERSIONS = "ROOT/migrations/versions"
LISTED = "alembic-db history lists the revisions"
CORRECT = "correct the file; --raiseerr shows the whole traceback"
MISSING = "is a file missing (another branch of git, a file that was not added)? else correct {} in"
EXAMPLE_ID = "for example: --rev-id 2024_01_add_users"
ALPHABET = "it is made of the letters A to Z and a to z, digits, _ and ."
SECOND = revision_text("b2", "a1")
THIRD = revision_text("b3", "a1")


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        (
            "revision = 'b2'\ndef (:\n",
            (
                f"the revision file {VERSIONS}/b2.py cannot be loaded: {VERSIONS}/b2.py:2: "
                "SyntaxError: invalid syntax"
            ),
            CORRECT,
        ),
        (
            "import nothing_there\n",
            (
                f"the revision file {VERSIONS}/b2.py cannot be loaded: {VERSIONS}/b2.py:1: "
                "ModuleNotFoundError: No module named 'nothing_there'"
            ),
            CORRECT,
        ),
        (
            "import sys\nsys.exit(4)\n",
            (
                f"the revision file {VERSIONS}/b2.py cannot be loaded: {VERSIONS}/b2.py:2: "
                "it called sys.exit(4)"
            ),
            CORRECT,
        ),
        ("x = 1\n", f"{VERSIONS}/b2.py has no revision", "add revision = ... to it"),
        (
            "revision = 'b2'\n",
            f"{VERSIONS}/b2.py has no down_revision",
            "add down_revision = ... to it",
        ),
        (
            "revision = 'b2'\ndown_revision = 'a1'\n",
            f"the revision file {VERSIONS}/b2.py has no upgrade()",
            "add it:\n  def upgrade() -> None:\n      ...",
        ),
        (
            revision_text("a1"),
            f"two files have the revision id a1: {VERSIONS}/a1.py and {VERSIONS}/b2.py",
            "give one of them another id (revision = ...) and file name",
        ),
        (
            revision_text("b2", "zz"),
            (
                f"{VERSIONS}/b2.py: down_revision names 'zz', and there is no such revision in "
                f"{VERSIONS}"
            ),
            f"{MISSING.format('down_revision')} that file",
        ),
        (
            revision_text("b2", "a1", depends_on="zz"),
            f"{VERSIONS}/b2.py: depends_on names 'zz', and there is no such revision in {VERSIONS}",
            f"{MISSING.format('depends_on')} that file",
        ),
    ],
)
def test_a_broken_revision_file_is_told_before_the_database_is_touched(shop, text, message, hint):
    project = shop({"b2.py": text})
    assert refused(project, "upgrade", status=1) == f"Error: {message}\n  {hint}\n"


BROKEN = f'"""a message"""\n{SECOND}\n\ndef broken(:\n'


def test_a_broken_file_keeps_nobody_from_seeing_the_others(shop):
    third, fourth = revision_text("c3", "b2"), "revision = 'd4'\ndown_revision = 'c3'\ndef (:\n"
    project = shop({"b2.py": BROKEN, "c3.py": third, "d4.py": fourth, "e5.py": "x = 1\n"})
    line = BROKEN.count("\n")
    warned = (
        f"Warning: the revision file {VERSIONS}/b2.py cannot be loaded: {VERSIONS}/b2.py:{line}: "
        "SyntaxError: invalid syntax\n"
        f"Warning: the revision file {VERSIONS}/d4.py cannot be loaded: {VERSIONS}/d4.py:3: "
        "SyntaxError: invalid syntax\n"
        f"Warning: {VERSIONS}/e5.py has no revision\n"
    )
    everything = [
        "c3 -> d4 (head), ",
        "b2 -> c3, a step",
        "a1 -> b2, a message",
        "<base> -> a1, a step",
    ]
    for words, lines in (
        (["history"], everything),
        (["history", "-i"], everything),
        (["heads"], ["d4 (head)"]),
        (["branches"], []),
    ):
        told = project.run(*words)
        assert told.stdout.splitlines() == lines
        assert shown(project, told.stderr) == warned
    told = project.run("show", "b2", "--format", "json")
    assert told.json["bases"][0]["revisions"][0]["down_revisions"] == ["a1"]
    assert shown(project, told.stderr) == warned
    assert refused(project, "upgrade", status=1) == (
        f"Error: the revision file {VERSIONS}/b2.py cannot be loaded: {VERSIONS}/b2.py:{line}: "
        f"SyntaxError: invalid syntax\n  {CORRECT}\n"
    )


def test_what_follows_a_file_that_says_nothing_is_shown_with_its_gap(shop):
    project = shop({"b2.py": "revision = (\n", "c3.py": revision_text("c3", "b2")})
    told = project.run("history")
    assert told.stdout == "<base> -> a1 (head), a step\nb2 -> c3 (head), a step\n"
    assert "b2.py cannot be loaded" in told.stderr


def test_a_file_that_fails_when_it_is_run_is_shown_without_running_it(shop):
    project = shop({"b2.py": f"{SECOND}\nimport nothing_there\n"})
    told = project.run("history")
    assert (told.stdout, told.stderr) == ("a1 -> b2 (head), a step\n<base> -> a1, a step\n", "")
    assert "nothing_there" in refused(project, "upgrade", status=1)


@pytest.mark.parametrize("verb", ["heads", "history", "branches", "show"])
@pytest.mark.parametrize(
    ("text", "message"),
    [
        (revision_text("a1"), "two files have the revision id a1: "),
        (revision_text("b2", "zz"), f"{VERSIONS}/b2.py: down_revision names 'zz', "),
        (revision_text("b2", depends_on="zz"), f"{VERSIONS}/b2.py: depends_on names 'zz', "),
        (revision_text("b2", "c3"), "the revisions go round in a circle: b2, c3\n"),
    ],
)
def test_files_that_make_no_history_are_told_by_what_shows_them(shop, verb, text, message):
    project = shop({"b2.py": text, "c3.py": revision_text("c3", "b2" if "c3" in text else None)})
    assert refused(project, verb, status=1).startswith(f"Error: {message}")


def test_revisions_in_a_circle_are_told(shop):
    project = shop({"a1.py": revision_text("a1", "b2"), "b2.py": SECOND})
    assert refused(project, "upgrade", status=1) == (
        "Error: the revisions go round in a circle: a1, b2\n"
        "  correct down_revision or depends_on in one of these files\n"
    )


def test_a_revision_without_downgrade_goes_up_but_not_down(shop):
    text = "revision = 'b2'\ndown_revision = 'a1'\n\ndef upgrade():\n    pass\n"
    project = shop({"b2.py": text})
    project.run("upgrade")
    assert refused(project, "downgrade", status=1) == (
        f"Error: the revision file {VERSIONS}/b2.py has no downgrade()\n"
        "  add it:\n  def downgrade() -> None:\n      ...\n"
    )
    assert project.stamped("sqlite:///app.db") == ["b2"]


@pytest.mark.parametrize(
    ("asked", "other"),
    [
        (("upgrade",), "or name one, or all of them: alembic-db upgrade heads"),
        (("revision", "-m", "x"), "or name the one to follow: alembic-db revision --head b2"),
        (("migrate", "-m", "x"), "or name the one to follow: alembic-db revision --head b2"),
    ],
)
def test_several_heads_are_listed_with_their_files_and_the_lines_that_mend_it(shop, asked, other):
    project = shop({"b2.py": SECOND, "b3.py": THIRD})
    assert refused(project, *asked, status=1) == (
        f"Error: the base has 2 heads:\n  b2  {VERSIONS}/b2.py\n  b3  {VERSIONS}/b3.py\n"
        f'  join them: alembic-db merge -m "merge heads"\n  {other}\n'
    )


@pytest.mark.parametrize(
    ("asked", "message", "hint"),
    [
        (
            ("upgrade", "abcde9"),
            "there is no revision 'abcde9' in ROOT/migrations",
            f"did you mean abcde2? {LISTED}",
        ),
        (("show", "zz"), "there is no revision 'zz' in ROOT/migrations", LISTED),
        (("history", "-r", "zz:"), "there is no revision 'zz' in ROOT/migrations", LISTED),
        (("stamp", "zz"), "there is no revision 'zz' in ROOT/migrations", LISTED),
        (("upgrade", "zz@head"), "there is no revision 'zz' in ROOT/migrations", LISTED),
        (
            ("upgrade", "abcde"),
            "'abcde' begins several ids: abcde1, abcde2",
            "write more of the id",
        ),
        (
            ("upgrade", ""),
            "the revision is empty",
            "for example: head, base, +1, -1, or the beginning of an id",
        ),
        (
            ("upgrade", "+9"),
            "+9 leads out of the history: there are not that many revisions",
            "alembic-db current says where the database is, alembic-db history what there is",
        ),
        (
            ("downgrade", "-9"),
            "-9 leads out of the history: there are not that many revisions",
            "alembic-db current says where the database is, alembic-db history what there is",
        ),
        (
            ("upgrade", "a1:abcde1"),
            "the range 'a1:abcde1' needs --sql",
            "a database knows where it starts itself",
        ),
    ],
)
def test_a_target_that_means_nothing_is_told(shop, asked, message, hint):
    one, two = revision_text("abcde1", "a1"), revision_text("abcde2", "abcde1")
    project = shop({"one.py": one, "two.py": two})
    assert refused(project, *asked) == f"Error: {message}\n  {hint}\n"


@pytest.mark.parametrize(
    ("rev_id", "message", "hint"),
    [
        ("../../evil", f"the revision id '../../evil' cannot be used: {ALPHABET}", EXAMPLE_ID),
        ("has space", f"the revision id 'has space' cannot be used: {ALPHABET}", EXAMPLE_ID),
        ("a-b", f"the revision id 'a-b' cannot be used: {ALPHABET}", EXAMPLE_ID),
        ("", f"the revision id '' cannot be used: {ALPHABET}", EXAMPLE_ID),
        (
            "heads",
            "the revision id 'heads' cannot be used: it means something else already",
            EXAMPLE_ID,
        ),
        (
            "x" * 33,
            f"the revision id '{'x' * 33}' has 33 characters; the version table holds 32",
            "for example: --rev-id 'xxxxxxxxxxxx'",
        ),
        (
            "a1",
            f"the revision id a1 is taken: {VERSIONS}/a1.py",
            "leave --rev-id away, or give another one",
        ),
    ],
)
def test_a_revision_id_that_cannot_be_writes_no_file(shop, rev_id, message, hint):
    said = refused(shop(), "revision", "-m", "x", "--rev-id", rev_id)
    assert said == f"Error: {message}\n  {hint}\n"


@pytest.mark.parametrize(
    ("message", "file"),
    [
        ("""say "hi" 'x' \"\"\" ${1+1} <% %> ## \\""", "b2_say_hi_x_1_1.py"),
        ('"""\nimport os\nos.abort()\n"""', "b2_import_os_os_abort.py"),
        ("two\nlines", "b2_two_lines.py"),
        ("x" * 10_000, f"b2_{'x' * 40}_.py"),
        ("../../evil", "b2_evil.py"),
    ],
)
def test_whatever_the_message_is_the_file_is_python_inside_the_versions_folder(shop, message, file):
    project = shop()
    done = project.run("revision", "-m", message, "--rev-id", "b2")
    assert done.stdout == f"Wrote migrations/versions/{file}\n"
    assert project.versions() == ["a1.py", file]
    tree = ast.parse(project.read(f"migrations/versions/{file}"))
    assert (ast.get_docstring(tree) or "").startswith(f"{message}\n\nRevision ID: b2\n")
    assert [type(node).__name__ for node in tree.body] == [
        *("Expr", "ImportFrom", "ImportFrom", "Import"),
        *("AnnAssign", "AnnAssign", "AnnAssign", "AnnAssign"),
        *("FunctionDef", "FunctionDef"),
    ]


def test_a_blank_message_writes_no_file(shop):
    assert refused(shop(), "revision", "-m", "  ") == (
        'Error: the message is empty\n  for example: -m "add users"\n'
    )


@pytest.mark.parametrize(
    ("args", "toml", "message", "hint"),
    [
        (
            (),
            'file_template = "../../%(rev)s"',
            f"the file {VERSIONS}/../../b2.py would be outside the versions folder {VERSIONS}",
            "correct file_template = '../../%(rev)s'",
        ),
        (
            (),
            'file_template = "below/%(rev)s"',
            f"the file {VERSIONS}/below/b2.py would not be read as a revision",
            (
                "correct file_template = 'below/%(rev)s', or give another --rev-id; or set "
                "recursive_version_locations = true"
            ),
        ),
        (
            ("--rev-id", "__init__"),
            'file_template = "%(rev)s"',
            f"the file {VERSIONS}/__init__.py would not be read as a revision",
            "correct file_template = '%(rev)s', or give another --rev-id",
        ),
        (
            (),
            'file_template = "%(nope)s"',
            "file_template = '%(nope)s' cannot be filled in: KeyError: 'nope'",
            (
                "it may name %(rev)s %(slug)s %(epoch)s %(year)d %(month).2d %(day).2d %(hour).2d "
                "%(minute).2d %(second).2d"
            ),
        ),
        (
            ("--version-path", "/elsewhere"),
            "",
            f"--version-path /elsewhere is none of the folders of revisions: {VERSIONS}",
            f'name one of them, or add it: version_locations = ["{VERSIONS}", "/elsewhere"]',
        ),
    ],
)
def test_nothing_is_written_outside_the_versions_folder(shop, args, toml, message, hint):
    project = shop(toml=f'metadata = "shop:Base"\n{toml}')
    said = refused(project, "revision", "-m", "x", "--rev-id", "b2", *args)
    assert said == f"Error: {message}\n  {hint}\n"


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("revision -m x --rev-id b2", "file ROOT/migrations/versions/b2_x.py cannot be written"),
        ("merge -m x --rev-id c3 b2 b3", "file ROOT/migrations/versions/c3_x.py cannot be written"),
    ],
)
def test_a_disk_that_is_full_leaves_no_file(shop, line, what):
    project = shop({"b2.py": SECOND, "b3.py": THIRD} if "merge" in line else {})
    before = project.files()
    # Nothing longer than 0 bytes can be written, by root neither; pipes are no files.
    done = subprocess.run(
        ["/bin/sh", "-c", f"ulimit -f 0; exec '{COMMAND}' {line}"],
        cwd=project.root,
        env=environment(project.root),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert shown(project, done.stderr) == (
        f"Error: the {what}: File too large\n"
        "  nothing was written; check the folder's rights and the space on its disk\n"
    )
    assert project.files() == before


def test_a_disk_that_is_full_leaves_no_folder_of_init(project):
    made = project({"model/base.py": ""})
    done = subprocess.run(
        ["/bin/sh", "-c", f"ulimit -f 0; exec '{COMMAND}' init"],
        cwd=made.root,
        env=environment(made.root),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert shown(made, done.stderr) == (
        "Error: the folder ROOT/migrations cannot be made: File too large\n"
        "  nothing was written; check the rights of the folder above it\n"
    )
    assert made.files() == ["model/base.py"]
    assert not (made.root / "migrations").exists()


def test_migrate_on_a_database_that_is_behind_says_how_far_and_what_to_do(shop):
    assert refused(shop({"b2.py": SECOND}), "migrate", "-m", "x", status=1) == (
        "Error: the database is behind: 2 revisions are pending, and models can only be compared "
        "with a database at head\n"
        "  first: alembic-db upgrade; or compare with the history instead: alembic-db migrate "
        "--scratch\n"
    )


def test_migrate_with_nothing_to_do_writes_no_file_and_says_so(shop):
    project = shop()
    project.run("upgrade")
    assert project.run("migrate", "-m", "x").stdout == "Nothing to do: no changes detected\n"
    assert project.versions() == ["a1.py"]


def test_merge_means_the_heads_and_with_one_there_is_nothing_to_merge(shop):
    project = shop({"b2.py": SECOND, "b3.py": THIRD})
    written = "Wrote migrations/versions/c3_merge_b2_and_b3.py\n"
    assert project.run("merge", "--rev-id", "c3").stdout == written
    assert project.run("merge").stdout == "Nothing to merge: there is one head\n"
    assert project.versions() == ["a1.py", "b2.py", "b3.py", "c3_merge_b2_and_b3.py"]


@pytest.mark.parametrize("label", ["head", "base", "", "a@b", "x,y", "-x", "../x y", "a\nb"])
def test_a_branch_label_that_cannot_be_typed_is_refused(shop, label):
    project = shop({})
    assert refused(project, "revision", "--branch-label", label) == (
        f"Error: the branch label {label!r} cannot be used: letters, digits, _ - . and / are "
        "possible, and no head, heads, base or current\n  for example: --branch-label billing\n"
    )


def test_the_history_up_to_a_database_at_base_is_empty(shop):
    assert shop({}).run("history", "-r", ":current").stdout == ""
