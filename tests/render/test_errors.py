from __future__ import annotations

import pytest

from alembic_migrate.errors import BasesFailed, ConfigError, MigrationError
from alembic_migrate.events import Event
from alembic_migrate.render import payload, runs
from alembic_migrate.render.errors import error_text
from alembic_migrate.render.events import event_line
from alembic_migrate.results import ConfigRow, Outcome

from .records import a_run

FAILED = MigrationError("b failed on pg://u:secret@h/db\nnothing changed", hint="see\nthere")
OUTCOMES = (Outcome("app", result=a_run()), Outcome("x", error=FAILED), Outcome("y"))


def test_an_error_is_its_message_with_the_hint_below():
    assert error_text(ConfigError("what", hint="do this\n  and that")) == (
        "what\n  do this\n    and that"
    )
    assert error_text(ConfigError("what")) == "what"


def test_what_happened_to_each_of_several_bases_is_told_in_their_order():
    error = BasesFailed("1 of 3 bases failed", OUTCOMES)
    assert error_text(error, runs.summary) == (
        "1 of 3 bases failed\n"
        "  app: upgraded to b (head), 1 revision\n"
        "  x: failed: b failed on pg://u:***@h/db\n"
        "    nothing changed\n"
        "      see\n"
        "      there\n"
        "  y: not tried"
    )
    assert error_text(error).split("\n")[1] == "  app: done"


def test_an_error_as_a_document_has_its_facts_and_no_password():
    error = ConfigError("pg://u:secret@h", hint="h", data={"key": ["pg://u:secret@h"]})
    assert payload.failure(error) == {
        "error": {
            "code": "configuration",
            "message": "pg://u:***@h",
            "hint": "h",
            "key": ["pg://u:***@h"],
        }
    }


def test_the_document_of_several_bases_has_what_happened_to_each():
    document = payload.failure(BasesFailed("1 of 3 bases failed", OUTCOMES))
    assert document["error"]["code"] == "bases-failed"
    assert [(each["base"], each["error"]) for each in document["bases"]] == [
        ("app", None),
        (
            "x",
            {
                "code": "migration",
                "message": "b failed on pg://u:***@h/db\nnothing changed",
                "hint": "see\nthere",
            },
        ),
        ("y", None),
    ]
    assert document["bases"][0]["result"]["after"] == ["b"]


@pytest.mark.parametrize(
    ("event", "several", "line"),
    [
        (Event("step", "Running upgrade a -> b, text", "app"), True, None),
        (Event("step", "Running", "app"), False, "Running"),
        (Event("warning", "pg://u:secret@h", "app"), True, "[app] Warning: pg://u:***@h"),
        (Event("warning", "text"), True, "Warning: text"),
        (Event("sql", "SET x = 'pg://u:secret@h'"), False, "SET x = 'pg://u:secret@h'"),
    ],
)
def test_an_event_is_a_line(event, several, line):
    expected = "[app] Running upgrade a -> b, text" if line is None else line
    assert event_line(event, several=several) == expected


def test_events_and_the_last_line_of_jsonl_are_told_apart():
    assert payload.event(Event("log", "pg://u:secret@h", "app")) == {
        "event": "log",
        "message": "pg://u:***@h",
        "base": "app",
    }
    assert payload.last({"command": "x"}) == {"event": "result", "command": "x"}


def test_the_document_of_the_configuration_has_the_keys_of_each_base():
    rows = [ConfigRow("app", "url", "u", "--url"), ConfigRow("x", "after", None, "", "bad")]
    assert payload.configuration(rows) == {
        "command": "config show",
        "bases": [
            {
                "base": "app",
                "keys": [{"key": "url", "value": "u", "origin": "--url", "error": None}],
            },
            {
                "base": "x",
                "keys": [{"key": "after", "value": None, "origin": "", "error": "bad"}],
            },
        ],
    }


def test_json_is_plain_ascii():
    assert payload.dump({"a": "ä"}, one_line=True) == '{"a": "\\u00e4"}'


@pytest.mark.parametrize(
    ("below", "message", "told"),
    [
        ("app", "base app: it is behind", "it is behind"),
        ("app/acme", "base app, tenant acme: it is behind", "it is behind"),
        ("acme", "the base, tenant acme: it is behind", "it is behind"),
        ("app", "base apple: it is behind", "base apple: it is behind"),
        (None, "base app: it is behind", "base app: it is behind"),
    ],
)
def test_a_name_that_stands_in_front_is_not_said_twice(below, message, told):
    assert error_text(ConfigError(message), below=below) == told
