from __future__ import annotations

from alembic_migrate.cli.reference import command_reference


def test_the_reference_has_a_section_for_every_command():
    titles = [line for line in command_reference().splitlines() if line.startswith("### ")]
    assert titles == [
        "### Options of every command",
        "### `alembic-db init [DIR]`",
        "### `alembic-db list-templates`",
        "### `alembic-db revision`",
        "### `alembic-db migrate`",
        "### `alembic-db edit [REVISION=head]`",
        "### `alembic-db merge [REVISIONS=heads]...`",
        "### `alembic-db sum`",
        "### `alembic-db plan [REVISION=head]`",
        "### `alembic-db upgrade [REVISION=head]`",
        "### `alembic-db downgrade [REVISION=-1]`",
        "### `alembic-db stamp [REVISIONS=head]...`",
        "### `alembic-db ensure-version`",
        "### `alembic-db resolve REVISION`",
        "### `alembic-db current`",
        "### `alembic-db heads`",
        "### `alembic-db branches`",
        "### `alembic-db show [REVISION=head]`",
        "### `alembic-db history`",
        "### `alembic-db check`",
        "### `alembic-db status`",
        "### `alembic-db lint [REVISION_RANGE]`",
        "### `alembic-db verify`",
        "### `alembic-db tenants list`",
        "### `alembic-db tenants create TENANT`",
        "### `alembic-db config show`",
        "### `alembic-db config schema`",
        "### `alembic-db completion bash|zsh|fish`",
    ]


def test_a_section_has_the_help_the_options_and_an_example():
    section = command_reference().partition("### `alembic-db current`")[2].partition("###")[0]
    assert section == (
        "\n\nShow the revisions that databases are at.\n\n"
        "| option | meaning |\n"
        "| --- | --- |\n"
        "| `-c`, `--check-heads` | Exit with 4 unless every database is at all its heads. |\n"
        "| `--head-only` | Without effect: heads are marked anyway. |\n\n"
        "```sh\nalembic-db current --all\n```\n\n"
    )


def test_a_bar_in_a_cell_is_escaped():
    assert "| `--color auto\\|always\\|never` | Colours:" in command_reference()
