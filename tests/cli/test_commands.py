from __future__ import annotations

import json
from pathlib import Path

import pytest

from alembic_migrate.events import Event
from alembic_migrate.results import (
    Change,
    Check,
    ConfigRow,
    Current,
    DatabaseRevisions,
    Finding,
    Initialised,
    Revisions,
    Status,
    Template,
    Written,
)
from tests.render.records import a_revision, a_run

AT_B = Current("app", (DatabaseRevisions("sqlite://", (a_revision(),)),), at_head=True)
BEHIND = Current("x", (DatabaseRevisions("sqlite://", ()),), at_head=False)
LISTED = (Revisions("app", (a_revision(),)),)
MADE = (Written("app", (a_revision(),), (Change("add_table", "add table book"),)),)
LONG = "Rev: b (head)\nParent: a\nPath: versions/b.py\n\n    text\n\n"


@pytest.mark.parametrize(
    ("words", "verb", "asked"),
    [
        ("init", "init", ((None,), {})),
        ("init m", "init", (("m",), {})),
        (
            "init -t async --package --multidb",
            "init",
            ((None,), {"template": "async", "package": True, "multidb": True}),
        ),
        ("revision -m text", "revision", ((), {"message": "text"})),
        ("revision --autogenerate", "revision", ((), {"autogenerate": True})),
        (
            (
                "migrate --message text --sql --head h --splice --branch-label l --version-path p"
                " --rev-id r --depends-on d --depends-on e"
            ),
            "migrate",
            (
                (),
                {
                    "message": "text",
                    "sql": True,
                    "head": "h",
                    "splice": True,
                    "branch_label": "l",
                    "version_path": "p",
                    "rev_id": "r",
                    "depends_on": ("d", "e"),
                },
            ),
        ),
        ("edit", "edit", ((), {})),
        ("edit current", "edit", ((), {"revision": "current"})),
        ("merge", "merge", (((),), {})),
        (
            "merge a b -m text --branch-label l --rev-id r --splice",
            "merge",
            (
                (("a", "b"),),
                {"message": "text", "branch_label": "l", "rev_id": "r", "splice": True},
            ),
        ),
        ("upgrade", "upgrade", ((), {})),
        (
            "upgrade a:b --sql --tag t --keep-going",
            "upgrade",
            ((), {"revision": "a:b", "sql": True, "tag": "t", "keep_going": True}),
        ),
        (
            "downgrade base --confirm app --confirm x",
            "downgrade",
            ((), {"revision": "base", "confirm": ("app", "x")}),
        ),
        ("stamp", "stamp", ((), {})),
        (
            "stamp a b --purge --confirm app",
            "stamp",
            ((), {"revisions": ("a", "b"), "purge": True, "confirm": ("app",)}),
        ),
        (
            "upgrade --rehearse --confirm app",
            "upgrade",
            ((), {"rehearse": True, "confirm": ("app",)}),
        ),
        (
            "upgrade --wait 30 --lock-wait 2.5",
            "upgrade",
            ((), {"wait": 30.0, "lock_wait": 2.5}),
        ),
        ("downgrade --lock-wait 0", "downgrade", ((), {"lock_wait": 0.0})),
        ("stamp --lock-wait 0 --wait 1", "stamp", ((), {"lock_wait": 0.0, "wait": 1.0})),
        ("ensure-version --lock-wait=9", "ensure_version", ((), {"lock_wait": 9.0})),
        ("resolve a --applied", "resolve", (("a",), {"applied": True})),
        ("resolve a --not-applied", "resolve", (("a",), {"applied": False})),
        ("history --applied", "journal", ((), {})),
        ("ensure-version --sql", "ensure_version", ((), {"sql": True})),
        ("heads --resolve-dependencies", "heads", ((), {"resolve_dependencies": True})),
        ("show current", "show", ((), {"revision": "current"})),
        ("history -r a:b -i", "history", ((), {"rev_range": "a:b", "indicate_current": True})),
        ("config show --resolve", "config_rows", ((), {"resolve": True})),
        ("config show", "config_rows", ((), {"resolve": False})),
    ],
)
def test_a_command_asks_the_project_for_what_was_typed_and_no_more(run, fake, words, verb, asked):
    assert run(*words.split()).status == 0
    assert fake.asked == [(verb, *asked)]


@pytest.mark.parametrize(
    ("words", "verb", "answer", "out"),
    [
        ("heads", "heads", LISTED, "b (head)\n"),
        ("heads -v", "heads", LISTED, LONG),
        ("history", "history", LISTED, "a -> b (head), text\n"),
        ("-v history", "history", LISTED, LONG),
        ("branches", "branches", (Revisions("app", ()),), ""),
        ("show", "show", LISTED, LONG),
        ("current", "current", (AT_B, BEHIND), "app: b (head)\nx: (none)\n"),
        ("current -v", "current", (AT_B,), f"Current revision(s) for sqlite://:\n{LONG}"),
        ("upgrade", "upgrade", (a_run(),), "app: upgraded to b (head), 1 revision\n"),
        ("upgrade --sql", "upgrade", (a_run(sql="BEGIN;\n"),), "BEGIN;\n"),
        (
            "migrate",
            "migrate",
            MADE,
            "app: detected: add table book\napp: wrote versions/b.py\n",
        ),
        ("revision --sql", "revision", (Written("app", (), sql="BEGIN;"),), "BEGIN;\n"),
        ("list-templates", "list_templates", (Template("a", "A."),), "a - A.\n"),
        (
            "check",
            "check",
            (Check("app", "sqlite://", (), compared=True),),
            "app: no problems found\n",
        ),
        (
            "config show",
            "config_rows",
            (ConfigRow("app", "url", "u", "--url"),),
            "url  u  --url\n",
        ),
        ("edit", "edit", (Path("a.py"),), ""),
        (
            "init",
            "init",
            (Initialised("app", Path("m"), ()),),
            "app: nothing to do: m is there already\n",
        ),
    ],
)
def test_an_answer_is_printed_for_people(run, fake, words, verb, answer, out):
    fake.answers[verb] = answer
    assert run(*words.split()) == (0, out, "")


@pytest.mark.parametrize(
    ("words", "verb", "answer", "document"),
    [
        ("list-templates", "list_templates", (Template("a", "A."),), None),
        ("edit", "edit", (Path("a.py"),), {"command": "edit", "files": ["a.py"]}),
        (
            "check",
            "check",
            (Check("app", "sqlite://", (), compared=True),),
            {
                "command": "check",
                "bases": [
                    {
                        "base": "app",
                        "database": "sqlite://",
                        "findings": [],
                        "compared": True,
                        "left_out": [],
                        "drift": False,
                        "unowned": [],
                    }
                ],
            },
        ),
        (
            "config show",
            "config_rows",
            (ConfigRow("app", "url", "u", "--url"),),
            {
                "command": "config show",
                "bases": [
                    {
                        "base": "app",
                        "keys": [{"key": "url", "value": "u", "origin": "--url", "error": None}],
                    }
                ],
            },
        ),
        ("config schema", "config_schema", {"type": "object"}, {"type": "object"}),
    ],
)
def test_an_answer_is_one_document_for_programs(run, fake, words, verb, answer, document):
    fake.answers[verb] = answer
    if document is None:
        document = {"command": words, "templates": [{"name": "a", "summary": "A."}]}
    status, out, err = run(*words.split(), "--format", "json")
    assert (status, json.loads(out), err) == (0, document, "")
    status, out, err = run("--format=jsonl", *words.split())
    last = document if verb == "config_schema" else {"event": "result", **document}
    assert (status, [json.loads(each) for each in out.splitlines()], err) == (0, [last], "")


def test_the_schema_is_json_in_text_too(run, fake):
    fake.answers["config_schema"] = {"type": "object"}
    assert run("config", "schema") == (0, '{\n  "type": "object"\n}\n', "")


EVENTS = [
    Event("step", "Running upgrade a -> b, text", "app"),
    Event("log", "Context impl SQLiteImpl.", "app"),
    Event("sql", "CREATE TABLE t", "app"),
    Event("warning", "text", "app"),
]


def test_progress_goes_to_stderr_and_says_less_or_more_when_asked(run, fake):
    fake.events, fake.answers["upgrade"] = EVENTS, (a_run(),)
    done = "app: upgraded to b (head), 1 revision\n"
    step, warning = "Running upgrade a -> b, text\n", "Warning: text\n"
    assert run("upgrade") == (0, done, step + warning)
    assert run("upgrade", "-q") == (0, "", warning)
    assert run("upgrade", "-v") == (
        0,
        done,
        f"{step}Context impl SQLiteImpl.\nCREATE TABLE t\n{warning}",
    )


def test_lines_of_progress_say_whose_they_are_where_several_bases_run(run, fake):
    fake.events, fake.names = EVENTS[:1], ("app", "x")
    step = "Running upgrade a -> b, text\n"
    assert run("upgrade", "--all").err == f"[app] {step}"
    assert run("upgrade", "-b", "app,x").err == f"[app] {step}"
    assert run("upgrade", "-b", "app").err == step


def test_jsonl_streams_what_happens_and_ends_with_the_document(run, fake):
    fake.events, fake.answers["upgrade"] = EVENTS[:1], ()
    status, out, err = run("upgrade", "--format", "jsonl")
    assert (status, err) == (0, "")
    assert [json.loads(each) for each in out.splitlines()] == [
        {"event": "step", "message": "Running upgrade a -> b, text", "base": "app"},
        {"event": "result", "command": "upgrade", "bases": []},
    ]


def test_json_keeps_progress_off_stdout(run, fake):
    fake.events = EVENTS[:1]
    status, out, err = run("upgrade", "--format", "json")
    assert (status, json.loads(out)) == (0, {"command": "upgrade", "bases": []})
    assert err == "Running upgrade a -> b, text\n"


def test_quiet_silences_what_was_done_and_not_what_was_asked(run, fake):
    fake.answers |= {"migrate": MADE, "heads": LISTED, "upgrade": (a_run(sql="BEGIN;"),)}
    assert run("migrate", "-q") == (0, "", "")
    assert run("heads", "-q") == (0, "b (head)\n", "")
    assert run("upgrade", "--sql", "-q") == (0, "BEGIN;\n", "")


def test_current_tells_by_its_exit_status_whether_all_are_at_head(run, fake):
    fake.answers["current"] = (AT_B,)
    assert run("current", "--check-heads").status == 0
    fake.answers["current"] = (AT_B, BEHIND)
    assert run("current").status == 0
    assert run("current", "-c") == (
        4,
        "app: b (head)\nx: (none)\n",
        "Not on all head revisions: x\n",
    )
    status, out, _ = run("current", "-c", "--format", "json")
    assert (status, [each["at_head"] for each in json.loads(out)["bases"]]) == (4, [True, False])


def test_current_takes_the_ancestors_head_only_with_a_warning(run, fake):
    fake.answers["current"] = (AT_B,)
    assert run("current", "--head-only") == (
        0,
        "app: b (head)\n",
        "Warning: --head-only has no effect any more: every head is marked (head)\n",
    )


def test_check_tells_findings_by_its_exit_status(run, fake):
    finding = Finding("pending", "2 revisions are pending", "alembic-db upgrade")
    fake.answers["check"] = (Check("app", None, (finding,), compared=False),)
    assert run("check", "-q") == (4, "app: 2 revisions are pending\n  alembic-db upgrade\n", "")


def test_status_tells_by_its_exit_status_only_when_asked(run, fake):
    fake.answers["status"] = (Status("app", "sqlite://", (), ("b",), (a_revision(),), "behind"),)
    table = "base   database    current   head   pending   state\n"
    table += "app    sqlite://   -         b      1         behind\n"
    table += "\napp: pending a -> b (head), text\n"
    assert run("status") == (0, table, "")
    assert run("status", "--exit-code") == (4, table, "")
    fake.answers["status"] = (Status("app", None, ("b",), ("b",), (), "at head"),)
    assert run("status", "--exit-code").status == 0


def test_the_scripts_of_several_bases_are_printed_under_their_names(run, fake):
    fake.answers["upgrade"] = (a_run(sql="BEGIN;\n"), a_run("x", sql="COMMIT;\n"))
    assert run("upgrade", "--sql").out == "-- base: app\nBEGIN;\n\n-- base: x\nCOMMIT;\n"


def test_the_scripts_of_several_bases_are_written_to_a_file_each(run, fake, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    fake.answers["upgrade"] = (a_run(sql="BEGIN;\n"), a_run("x", sql="ä;\n"))
    assert run("upgrade", "--sql-dir", "out/sql") == (
        0,
        "Wrote out/sql/app.sql\nWrote out/sql/x.sql\n",
        "",
    )
    assert fake.asked == [("upgrade", (), {"sql": True})]
    written = {each.name: each.read_text("utf-8") for each in Path("out/sql").iterdir()}
    assert written == {"app.sql": "BEGIN;\n", "x.sql": "ä;\n"}


def test_a_script_that_cannot_be_written_leaves_no_file(run, fake, tmp_path, monkeypatch):
    def fail(self, target):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", fail)
    fake.answers["upgrade"] = (a_run(sql="BEGIN;\n"),)
    assert run("upgrade", "--sql-dir", str(tmp_path)) == (
        1,
        "",
        (
            "Error: OSError: [Errno 28] No space left on device\n"
            "  --raiseerr shows where it came from.\n"
        ),
    )
    assert list(tmp_path.iterdir()) == []


def test_what_a_project_prints_goes_to_stderr(run, fake):
    def speak():
        print("from env.py")
        return LISTED

    fake.answers["heads"] = speak
    assert run("heads") == (0, "b (head)\n", "from env.py\n")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_prints_the_script_of_a_shell(run, shell):
    status, out, err = run("completion", shell)
    assert (status, err) == (0, "")
    assert f"_ALEMBIC_DB_COMPLETE={shell}_complete" in out


def test_colours_are_for_those_who_want_them(run, fake):
    fake.answers["status"] = (Status("app", None, (), (), (), "at head"),)
    assert "\x1b[" not in run("status").out
    assert "\x1b[32mat head" in run("status", "--color", "always").out
    assert "\x1b[31m" in run("nope", "--color=always").err


def test_the_variables_for_colours_are_honoured(run, fake, monkeypatch):
    fake.answers["status"] = (Status("app", None, (), (), (), "at head"),)
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert "\x1b[32mat head" in run("status").out
    assert "\x1b[" not in run("status", "--color", "never").out
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[" not in run("status").out
