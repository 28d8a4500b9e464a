from __future__ import annotations

import pytest

from alembic_migrate import __version__

NOTHING = {
    "project": None,
    "config": None,
    "base": None,
    "all_bases": False,
    "tenant": [],
    "directory": None,
    "url": None,
    "x": (),
    "settings": (),
}


@pytest.mark.parametrize("before", [True, False])
@pytest.mark.parametrize(
    ("words", "loaded"),
    [
        (("--base", "app"), {"base": ("app",)}),
        (("-b", "app", "-n", "b"), {"base": ("app", "b")}),
        (("--name", "app,b"), {"base": ("app,b",)}),
        (("--all",), {"all_bases": True}),
        (("--tenant", "a,b", "--tenant", "c*"), {"tenant": ["a", "b", "c*"]}),
        (("-d", "folder"), {"directory": "folder"}),
        (("--directory=folder",), {"directory": "folder"}),
        (("--url", "sqlite://"), {"url": "sqlite://"}),
        (("-x", "a=1", "--x-arg", "b"), {"x": ("a=1", "b")}),
        (("-C", "there"), {"project": "there"}),
        (("--project", "there"), {"project": "there"}),
        (("--config", "file.toml"), {"config": "file.toml"}),
        (("--set", "a=1", "--set", "b=2"), {"settings": ("a=1", "b=2")}),
    ],
)
def test_an_option_of_every_command_stands_before_or_after_it(run, fake, words, loaded, before):
    assert run(*((*words, "heads") if before else ("heads", *words))).status == 0
    assert fake.loaded == {**NOTHING, **loaded}


def test_what_stands_after_the_command_wins(run, fake):
    run("--base", "a", "--url", "u", "-d", "d", "--set", "k=1", "heads", "-b", "b", "--url", "v")
    assert fake.loaded == {
        **NOTHING,
        "base": ("b",),
        "url": "v",
        "directory": "d",
        "settings": ("k=1",),
    }


def test_arguments_for_env_py_add_up_and_are_never_doubled(run, fake):
    run("-x", "a", "-x", "b", "heads", "-x", "c")
    assert fake.loaded["x"] == ("a", "b", "c")


def test_options_may_stand_at_each_place_of_a_command_of_two_words(run, fake):
    run("-b", "a", "config", "--url", "u", "show", "-d", "d")
    assert fake.loaded == {**NOTHING, "base": ("a",), "url": "u", "directory": "d"}


def test_c_is_the_file_before_the_command_and_check_heads_after_current(run, fake):
    run("-c", "file.toml", "current", "-c")
    assert fake.loaded == {**NOTHING, "config": "file.toml"}
    assert run("heads", "-c").err == (
        "Error: No such option: -c\n  alembic-db heads --help shows what is possible.\n"
    )


def test_the_environment_gives_no_option_a_value(run, fake, monkeypatch):
    for name in ("BASE", "ALEMBIC_DB_BASE", "ALEMBIC_DB_URL", "ALEMBIC_DB_HEADS_BASE"):
        monkeypatch.setenv(name, "taken")
    run("heads")
    assert fake.loaded == NOTHING


@pytest.mark.parametrize("words", [("--version",), ("upgrade", "--version")])
def test_the_version_is_told_before_and_after_a_command(run, words):
    assert run(*words) == (0, f"alembic-db {__version__}\n", "")
