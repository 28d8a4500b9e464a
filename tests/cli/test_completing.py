from __future__ import annotations

import pytest

from alembic_migrate.cli.entry import main

TOML = """\
[tool.alembic-migrate]
base = "app"

[tool.alembic-migrate.bases.app]
directory = "revisions/app"

[tool.alembic-migrate.bases.reporting]
"""


@pytest.fixture
def complete(monkeypatch, capsys, tmp_path):
    (tmp_path / "pyproject.toml").write_text(TOML)
    monkeypatch.chdir(tmp_path)
    for folder in ("revisions/app", "migrations/reporting"):
        (tmp_path / folder / "versions").mkdir(parents=True)
        for number in (1, 2):
            text = f"'''{folder}\n\nmore'''\nrevision = 'a{number}'\ndown_revision = None\n"
            (tmp_path / folder / f"versions/a{number}.py").write_text(text)
    monkeypatch.setenv("_ALEMBIC_DB_COMPLETE", "zsh_complete")

    def complete(*words):
        monkeypatch.setenv("COMP_WORDS", " ".join(["alembic-db", *words]))
        monkeypatch.setenv("COMP_CWORD", str(len(words)))
        with pytest.raises(SystemExit) as left:
            main([])
        assert left.value.code == 0
        kind_value_help = capsys.readouterr().out.rstrip("\n").split("\n")
        return dict(zip(kind_value_help[1::3], kind_value_help[2::3], strict=False))

    return complete


def test_names_of_bases_are_offered_before_and_after_a_command(complete):
    assert list(complete("--base", "r")) == ["reporting"]
    assert list(complete("upgrade", "-b", "app,r")) == ["app,reporting"]
    assert list(complete("downgrade", "--confirm", "a")) == ["app"]


def test_revisions_of_the_base_are_offered_with_their_messages(complete):
    assert complete("upgrade", "a") == {"a1": "revisions/app", "a2": "revisions/app"}
    assert complete("-b", "reporting", "show", "a1") == {"a1": "migrations/reporting"}
    assert list(complete("stamp", "h")) == ["head", "heads"]


def test_commands_and_options_are_offered(complete):
    assert list(complete("up")) == ["upgrade"]
    assert list(complete("upgrade", "--sq")) == ["--sql", "--sql-dir"]


def test_a_broken_file_offers_nothing_and_says_nothing(complete, tmp_path):
    (tmp_path / "pyproject.toml").write_text("[tool.alembic-migrate\n")
    assert complete("--base", "r") == {}
    assert complete("upgrade", "a") == {}
