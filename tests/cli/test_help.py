from __future__ import annotations

import click
import pytest

from alembic_migrate.cli import db
from alembic_migrate.cli.parsing import Group


def every(path, group):
    yield path, group
    for name, each in group.commands.items():
        if isinstance(each, Group):
            yield from every((*path, name), each)
        else:
            yield (*path, name), each


EVERY = list(every((), db))


@pytest.mark.parametrize(("words", "command"), EVERY)
@pytest.mark.parametrize("flag", ["-h", "--help"])
def test_every_help_begins_with_what_it_is_and_ends_with_an_example(run, words, command, flag):
    status, out, err = run(*words, flag)
    assert (status, err) == (0, "")
    assert out.endswith(f"\n  Example:\n    {command.example}\n")
    assert command.example.startswith(("alembic-db ", 'eval "$(alembic-db '))
    assert command.help[0].isupper()
    assert not words or "..." not in command.get_short_help_str(limit=58)


@pytest.mark.parametrize(("words", "command"), EVERY)
def test_no_option_has_a_default_or_reads_the_environment(words, command):
    parsed = command.make_context("x", [], resilient_parsing=True).params
    assert {name for name, value in parsed.items() if value not in (None, ())} == set()
    assert [each for each in command.params if each.envvar is not None] == []


@pytest.mark.parametrize(("words", "command"), EVERY)
def test_every_option_says_what_it_does(words, command):
    for each in command.params:
        if isinstance(each, click.Option):
            assert each.help.endswith("."), each.opts


def test_the_commands_are_those_of_the_contract():
    assert [" ".join(words) for words, _ in EVERY[1:]] == [
        "init",
        "list-templates",
        "revision",
        "migrate",
        "edit",
        "merge",
        "sum",
        "plan",
        "upgrade",
        "downgrade",
        "stamp",
        "ensure-version",
        "resolve",
        "current",
        "heads",
        "branches",
        "show",
        "history",
        "check",
        "status",
        "lint",
        "verify",
        "tenants",
        "tenants list",
        "tenants create",
        "config",
        "config show",
        "config schema",
        "completion",
    ]
