from __future__ import annotations

import json
import os
import signal

import pytest

from alembic_migrate.errors import (
    AlembicMigrateError,
    BasesFailed,
    ConfigError,
    ConsentError,
    DatabaseError,
    HistoryError,
    MigrationError,
    RevisionNotFound,
    UsageError,
)
from alembic_migrate.results import Outcome
from tests.render.records import a_run


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (AlembicMigrateError("what"), 1),
        (UsageError("what"), 2),
        (RevisionNotFound("what"), 2),
        (ConfigError("what"), 2),
        (HistoryError("what"), 1),
        (DatabaseError("what"), 1),
        (MigrationError("what"), 1),
        (ConsentError("what"), 3),
    ],
)
def test_an_error_has_its_exit_status_and_goes_to_stderr(run, fake, error, status):
    fake.answers["load"] = error
    assert run("heads") == (status, "", "Error: what\n")


def test_an_error_is_one_document_for_programs(run, fake):
    fake.answers["heads"] = ConfigError("what", hint="do this", data={"key": "url"})
    status, out, err = run("heads", "--format", "json")
    document = {
        "error": {"code": "configuration", "message": "what", "hint": "do this", "key": "url"}
    }
    assert (status, json.loads(out), err) == (2, document, "")
    status, out, err = run("--format=jsonl", "heads")
    assert (status, json.loads(out), err) == (2, {"event": "result", **document}, "")


@pytest.mark.parametrize(
    "words",
    [
        ("--format", "json", "nope"),
        ("heads", "--nope", "--format=json"),
        ("heads", "--format", "text", "extra", "--format", "json"),
    ],
)
def test_what_is_mistyped_is_a_document_too(run, words):
    status, out, err = run(*words)
    assert (status, json.loads(out)["error"]["code"], err) == (2, "usage", "")


def test_what_follows_two_hyphens_is_no_option(run):
    status, out, err = run("heads", "--", "--format", "json")
    assert (status, out) == (2, "")
    assert err.startswith("Error: Got unexpected extra arguments (--format json)\n")


def test_each_base_of_several_is_told_about_when_some_fail(run, fake):
    outcomes = (
        Outcome("app", result=a_run()),
        Outcome("x", error=MigrationError("b failed", hint="see")),
        Outcome("y"),
    )
    fake.answers["upgrade"] = BasesFailed("1 of 3 bases failed", outcomes)
    assert run("upgrade", "--all") == (
        1,
        "",
        (
            "Error: 1 of 3 bases failed\n"
            "  app: upgraded to b (head), 1 revision\n"
            "  x: failed: b failed\n"
            "      see\n"
            "  y: not tried\n"
        ),
    )


def test_an_unforeseen_error_is_one_line_without_a_password(run, fake):
    fake.answers["heads"] = ValueError("no pg://u:secret@h\nsecond line")
    assert run("heads") == (
        1,
        "",
        "Error: ValueError: no pg://u:***@h\n  --raiseerr shows where it came from.\n",
    )
    fake.answers["heads"] = KeyError()
    assert run("heads").err.startswith("Error: KeyError\n")


def test_a_traceback_is_shown_when_asked_for_and_without_a_password(run, fake):
    def connect(url, password):
        raise RuntimeError(f"no {url}")

    fake.answers["heads"] = lambda: connect("pg://u:secret@h", password="secret")
    status, out, err = run("heads", "--raiseerr")
    assert (status, out) == (1, "")
    assert err.startswith("Traceback (most recent call last):\n")
    assert 'connect("pg://u:***@h", password="***")' in err
    assert err.endswith(
        "\nRuntimeError: no pg://u:***@h\n\n"
        "Error: RuntimeError: no pg://u:***@h\n  --raiseerr shows where it came from.\n"
    )
    assert "secret" not in err


def test_the_traceback_of_each_base_that_failed_is_shown(run, fake):
    outcomes = (Outcome("app", error=MigrationError("b failed")), Outcome("x", result=a_run()))
    fake.answers["upgrade"] = BasesFailed("1 of 2 bases failed", outcomes)
    err = run("upgrade", "--raiseerr").err
    assert err.startswith("alembic_migrate.errors.MigrationError: b failed\n\nTraceback (most ")


def test_the_users_code_cannot_leave_the_process(run, fake):
    fake.answers["heads"] = SystemExit(0)
    assert run("heads") == (1, "", "Error: the project's own Python called sys.exit(0)\n")


def test_ctrl_c_ends_with_130(run, fake):
    fake.answers["upgrade"] = KeyboardInterrupt()
    assert run("upgrade") == (130, "", "Error: interrupted\n")


def test_sigterm_ends_with_143_and_its_handler_is_put_back(run, fake):
    before = signal.getsignal(signal.SIGTERM)
    fake.answers["upgrade"] = lambda: os.kill(os.getpid(), signal.SIGTERM)
    assert run("upgrade") == (143, "", "Error: terminated\n")
    assert signal.getsignal(signal.SIGTERM) is before


def test_a_lost_connection_is_not_taken_for_a_reader_that_is_gone(run, fake):
    fake.answers["upgrade"] = BrokenPipeError(32, "Broken pipe")
    assert run("upgrade") == (
        1,
        "",
        "Error: BrokenPipeError: [Errno 32] Broken pipe\n  --raiseerr shows where it came from.\n",
    )
