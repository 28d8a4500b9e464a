"""What every command writes: documents for programs, texts for people, colours, and how much."""

from __future__ import annotations

import json
import re
import shutil

import pytest

from tests import projects

TABLE = "op.create_table({0!r}, sa.Column('id', sa.Integer, primary_key=True))"


@pytest.fixture
def shop(two_bases):
    """Two bases, each with a folder and one revision that makes the table it is named after."""
    for base, revision in (("app", "a1"), ("reporting", "r1")):
        text = projects.revision_text(
            revision,
            upgrade=TABLE.format(f"t_{revision}"),
            downgrade=f"op.drop_table('t_{revision}')",
            message=f"make t_{revision}",
        )
        two_bases.write(f"migrations/{base}/versions/{revision}.py", text)
    return two_bases


# --- documents -------------------------------------------------------------------------------

REVISION = [
    "revision",
    "down_revisions",
    "depends_on",
    "branch_labels",
    "message",
    "doc",
    "path",
    "next_revisions",
    "is_head",
    "is_effective_head",
    "is_branch_point",
    "is_merge_point",
    "is_current",
]
REVISIONS = ["base", "revisions"]
RUN = ["base", "verb", "database", "before", "after", "heads", "steps", "sql", "rehearsed"]
WRITTEN = ["base", "revisions", "changes", "left_out", "sql", "reason"]
DOCUMENTS = {
    "init": ["base", "directory", "files", "configured"],
    "revision": WRITTEN,
    "migrate": WRITTEN,
    "merge": WRITTEN,
    "plan": [
        "base",
        "database",
        "dialect",
        "asked",
        "before",
        "after",
        "heads",
        "revisions",
        "hash",
        "tag",
    ],
    "upgrade": RUN,
    "downgrade": RUN,
    "stamp": RUN,
    "ensure-version": RUN,
    "current": ["base", "databases", "at_head"],
    "heads": REVISIONS,
    "branches": REVISIONS,
    "show": REVISIONS,
    "history": REVISIONS,
    "check": ["base", "database", "findings", "compared", "left_out", "drift", "unowned"],
    "verify": ["base", "ok", "server", "revisions", "questions"],
    "lint": ["base", "scope", "dialect", "revisions", "findings"],
    "sum": ["base", "file", "kept", "revisions", "findings", "written"],
    "status": [
        "base",
        "database",
        "current",
        "heads",
        "pending",
        "state",
        "error",
        "lock",
        "unknown",
    ],
    "config show": ["base", "keys"],
}


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_document_names_its_command_and_has_one_record_a_base(shop, command, name):
    words = [*name.split(), "--all", "--format", "json", "-q"]
    if name == "init":
        shutil.rmtree(shop.root / "migrations")
    if name in {"migrate", "downgrade"}:
        command(shop, "upgrade", "--all")
    done = command(shop, *words, status=4 if name in {"check", "verify"} else 0)
    assert done.stderr == ""
    assert list(done.json) == ["command", "bases"]
    assert done.json["command"] == name
    bases = [each["base"] for each in done.json["bases"]]
    assert bases == (["reporting", "app"] if name == "downgrade" else ["app", "reporting"])
    assert [list(each) for each in done.json["bases"]] == [DOCUMENTS[name]] * 2
    assert done.stdout.isascii()


def test_a_revision_has_the_same_shape_wherever_it_stands(shop, command):
    command(shop, "upgrade", "-b", "app")
    words = ("-b", "app", "--format", "json")
    pending = command(shop, "status", "-b", "reporting", "--format", "json").json
    found = [
        *command(shop, "heads", *words).json["bases"][0]["revisions"],
        *command(shop, "history", "-i", *words).json["bases"][0]["revisions"],
        *command(shop, "current", *words).json["bases"][0]["databases"][0]["revisions"],
        *command(shop, "revision", "--rev-id", "a2", *words).json["bases"][0]["revisions"],
        *pending["bases"][0]["pending"],
    ]
    assert [list(each) for each in found] == [REVISION] * 5
    assert [each["is_current"] for each in found] == [None, True, True, None, None]


def test_the_other_documents_are_complete(shop, command):
    templates = command(shop, "list-templates", "--format", "json").json
    assert [each["name"] for each in templates["templates"]] == ["app", "bare", "full"]
    edited = command(shop, "edit", "-b", "app", "--format", "json", env={"EDITOR": "true"}).json
    path = str(shop.root / "migrations/app/versions/a1.py")
    assert edited == {"command": "edit", "files": [path]}
    schema = command(shop, "config", "schema").json
    assert schema == command(shop, "config", "schema", "--format", "json").json
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    rows = command(shop, "config", "show", "-b", "app", "--format", "json").json["bases"][0]["keys"]
    assert [list(row) for row in rows] == [["key", "value", "origin", "error"]] * len(rows)
    folder = shop.root / "out"
    scripts = command(shop, "upgrade", "--all", "--sql-dir", "out", "-q", "--format", "json").json
    assert scripts["files"] == [str(folder / "app.sql"), str(folder / "reporting.sql")]


@pytest.mark.parametrize(
    ("words", "status", "error"),
    [
        (
            ("upgrade", "nope", "-b", "app"),
            2,
            {
                "code": "revision-not-found",
                "message": "base app: there is no revision 'nope' in <root>/migrations/app",
                "hint": "alembic-db history lists the revisions",
            },
        ),
        (
            ("upgrade",),
            2,
            {
                "code": "usage",
                "message": "which base? There are several: app, reporting",
                "hint": "--base app, or --all for every one",
            },
        ),
        (
            ("heads", "--nope"),
            2,
            {
                "code": "usage",
                "message": "No such option: --nope",
                "hint": "Perhaps you meant --name\nalembic-db heads --help shows what is possible.",
            },
        ),
        (
            ("downgrade", "--all", "--set", "protected=true"),
            3,
            {
                "code": "consent",
                "message": "reporting, app: protected = true, and downgrade may lose data; "
                "nothing was done",
                "hint": "if it is meant: add --confirm reporting --confirm app",
                "bases": ["reporting", "app"],
            },
        ),
    ],
)
@pytest.mark.parametrize("form", ["json", "jsonl"])
def test_an_error_is_the_one_document(shop, command, words, status, error, form):
    done = command(shop, *words, "--format", form, status=status)
    assert done.stderr == ""
    document = done.json if form == "json" else done.jsonl[-1]
    assert json.loads(json.dumps(document).replace(str(shop.root), "<root>")) == (
        {"error": error} if form == "json" else {"event": "result", "error": error}
    )


def test_where_one_of_several_bases_fails_the_document_tells_of_each(shop, command):
    done = command(
        shop,
        "upgrade",
        "--all",
        "--keep-going",
        "-q",
        "--format",
        "json",
        env={"REPORTING_URL": "sqlite:///no/folder.db"},
        status=6,
    )
    document = done.json
    assert document["error"] == {
        "code": "bases-failed",
        "message": "1 of 2 bases failed: reporting",
        "hint": None,
    }
    app, reporting = document["bases"]
    assert (app["base"], app["error"], app["result"]["after"]) == ("app", None, ["a1"])
    assert (reporting["base"], reporting["result"]) == ("reporting", None)
    assert reporting["error"] == {
        "code": "configuration",
        "message": f"the SQLite file {shop.root}/no/folder.db cannot be made: there is no folder "
        f"{shop.root}/no",
        "hint": f"make it: mkdir -p {shop.root}/no",
    }


def test_lines_of_json_tell_what_happens_and_at_last_the_answer(shop, command):
    done = command(shop, "upgrade", "--all", "--format", "jsonl")
    assert done.stderr == ""
    *events, last = done.jsonl
    assert events == [
        {"event": "step", "message": "Running upgrade  -> a1, make t_a1", "base": "app"},
        {"event": "step", "message": "Running upgrade  -> r1, make t_r1", "base": "reporting"},
    ]
    assert (last["event"], last["command"]) == ("result", "upgrade")
    assert [each["after"] for each in last["bases"]] == [["a1"], ["r1"]]

    written = command(shop, "revision", "-b", "app", "--rev-id", "a2", "--format", "jsonl").jsonl
    assert [each["event"] for each in written] == ["file", "result"]
    assert len(command(shop, "heads", "--format", "jsonl").jsonl) == 1

    statements = command(shop, "downgrade", "-b", "app", "-v", "--format", "jsonl").jsonl
    assert {"event": "sql", "message": "DROP TABLE t_a1", "base": "app"} in statements


VERSION_TABLE = (
    "CREATE TABLE alembic_version (\n    version_num VARCHAR(32) NOT NULL, \n"
    "    CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)\n);\n"
)


# --- how much is said ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "status", "answer"),
    [
        (("upgrade", "--all"), 0, ""),
        (("revision", "-b", "app", "--rev-id", "a2"), 0, ""),
        (("stamp", "-b", "app", "head"), 0, ""),
        (("upgrade", "--all", "--sql-dir", "out"), 0, ""),
        (("heads", "-b", "app"), 0, "a1 (head)\n"),
        (("current", "-b", "app"), 0, "app: (none)\n"),
        (("current", "-c", "-b", "app"), 4, "app: (none)\n"),
        (("ensure-version", "--sql", "-b", "app"), 0, VERSION_TABLE),
    ],
)
def test_quiet_leaves_only_what_was_asked_for(shop, command, words, status, answer):
    said = command(shop, "-q", *words, status=status)
    # Earlier releases of Alembic end a script that leaves no version with this.
    stdout = said.stdout.replace("\nDROP TABLE alembic_version;\n", "")
    assert (stdout, said.stderr) == (answer, "")


def test_verbose_shows_the_statements_that_run_and_nothing_of_them_on_stdout(shop, command):
    done = command(shop, "upgrade", "-v", "-b", "app")
    assert done.stdout == "app: upgraded to a1 (head), 1 revision\n"
    statements = done.stderr.splitlines()
    assert [line for line in statements if "CREATE TABLE" in line or "Running" in line] == [
        "CREATE TABLE alembic_version (",
        "Running upgrade  -> a1, make t_a1",
        "CREATE TABLE t_a1 (",
    ]
    assert "CREATE TABLE" not in command(shop, "upgrade", "--all").stderr


# --- colours ---------------------------------------------------------------------------------

ESCAPE = re.compile(r"\x1b\[[0-9;]*m")


@pytest.mark.parametrize(
    ("words", "env", "coloured"),
    [
        ((), {}, False),
        (("--color", "always"), {}, True),
        (("--color", "always"), {"NO_COLOR": "1"}, True),
        (("--color", "never"), {"FORCE_COLOR": "1"}, False),
        (("--color", "auto"), {"FORCE_COLOR": "1"}, True),
        ((), {"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
        ((), {"NO_COLOR": "", "FORCE_COLOR": "1"}, True),
    ],
)
def test_colours_are_where_they_are_wanted(shop, command, words, env, coloured):
    plain = command(shop, "status", "--color", "never").stdout
    table = command(shop, "status", *words, env=env).stdout
    refused = command(shop, "upgrade", *words, env=env, status=2).stderr
    assert bool(ESCAPE.search(table)) == bool(ESCAPE.search(refused)) == coloured
    stripped = [line.rstrip() for line in ESCAPE.sub("", table).splitlines()]
    assert stripped == plain.splitlines()


def test_documents_have_no_colours(shop, command):
    words = ("status", "--format", "json")
    assert command(shop, *words, "--color", "always").stdout == command(shop, *words).stdout
