from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    ("words", "revision"),
    [
        (("downgrade", "-1"), "-1"),
        (("downgrade", "-2", "--sql"), "-2"),
        (("downgrade", "--", "-1"), "-1"),
        (("downgrade", "-b", "app", "-12"), "-12"),
        (("upgrade", "+2"), "+2"),
        (("upgrade", "a-1"), "a-1"),
        (("downgrade", "head:-1"), "head:-1"),
    ],
)
def test_relative_revisions_are_arguments(run, fake, words, revision):
    assert run(*words).status == 0
    (asked,) = fake.asked
    assert asked[2]["revision"] == revision


@pytest.mark.parametrize("option", ["--wait", "--lock-wait"])
@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("-1", "-1.0 is not in the range x>=0"),
        ("soon", "'soon' is not a valid number of seconds"),
    ],
)
def test_seconds_to_wait_are_a_number_that_is_not_negative(run, fake, option, value, said):
    assert run("upgrade", option, value) == (
        2,
        "",
        (
            f"Error: Invalid value for '{option}': {said}\n"
            "  alembic-db upgrade --help shows what is possible.\n"
        ),
    )
    assert fake.asked == []


@pytest.mark.parametrize("words", [("a",), ("a", "--applied", "--not-applied")])
def test_resolve_takes_one_of_its_two_flags(run, fake, words):
    assert run("resolve", *words) == (
        2,
        "",
        "Error: resolve takes --applied or --not-applied\n  alembic-db resolve a --not-applied\n",
    )
    assert fake.asked == []


def test_resolve_wants_a_revision(run, fake):
    assert run("resolve", "--applied") == (
        2,
        "",
        "Error: Missing argument 'REVISION'\n  alembic-db resolve --help shows what is possible.\n",
    )


def test_a_relative_revision_without_a_word_is_the_projects_own_default(run, fake):
    run("downgrade")
    assert fake.asked == [("downgrade", (), {})]


def test_a_number_after_an_option_with_a_value_is_its_value(run, fake):
    run("upgrade", "--tag", "-1", "head")
    assert fake.asked == [("upgrade", (), {"tag": "-1", "revision": "head"})]


def test_several_revisions_may_be_relative(run, fake):
    run("stamp", "-1", "a@head")
    assert fake.asked == [("stamp", (), {"revisions": ("-1", "a@head")})]


def test_a_relative_revision_is_an_error_where_no_revision_is_taken(run):
    assert run("current", "-1") == (
        2,
        "",
        "Error: No such option: -1\n  alembic-db current --help shows what is possible.\n",
    )


def test_history_takes_a_relative_range_with_and_without_a_blank(run, fake):
    run("history", "-r-3:current")
    run("history", "-r", "-3:")
    assert [asked[2]["rev_range"] for asked in fake.asked] == ["-3:current", "-3:"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            ("upgrade", "--kep-going"),
            (
                "Error: No such option: --kep-going\n"
                "  Perhaps you meant --keep-going\n"
                "  alembic-db upgrade --help shows what is possible.\n"
            ),
        ),
        (
            ("downgrade", "-y"),
            "Error: No such option: -y\n  alembic-db downgrade --help shows what is possible.\n",
        ),
        (
            ("--sql", "upgrade"),
            (
                "Error: No such option: --sql\n"
                "  It stands after the command: alembic-db revision --sql\n"
                "  alembic-db --help shows what is possible.\n"
            ),
        ),
        (
            ("upgrad",),
            (
                "Error: No such command: upgrad\n"
                "  Perhaps you meant alembic-db upgrade\n"
                "  alembic-db --help shows what is possible.\n"
            ),
        ),
        (
            ("config", "shw"),
            (
                "Error: No such command: shw\n"
                "  Perhaps you meant alembic-db config show\n"
                "  alembic-db config --help shows what is possible.\n"
            ),
        ),
        (
            ("xyz",),
            "Error: No such command: xyz\n  alembic-db --help shows what is possible.\n",
        ),
        (
            ("upgrade", "a", "b"),
            (
                "Error: Got unexpected extra argument (b)\n"
                "  alembic-db upgrade --help shows what is possible.\n"
            ),
        ),
        (
            ("upgrade", "--format", "xml"),
            (
                "Error: Invalid value for '--format': 'xml' is not one of 'text', 'json', 'jsonl'\n"
                "  alembic-db upgrade --help shows what is possible.\n"
            ),
        ),
        (
            ("--quiet",),
            "Error: Missing command\n  alembic-db --help shows what is possible.\n",
        ),
    ],
)
def test_what_is_mistyped_is_answered_with_what_is_nearest(run, fake, words, message):
    assert run(*words) == (2, "", message)
    assert fake.asked == []


@pytest.mark.parametrize("name", ["list_templates", "list-templates"])
def test_an_underscore_is_a_hyphen(run, fake, name):
    assert run(name).status == 0
    assert fake.asked == [("list_templates", (), {})]


def test_ensure_version_has_its_old_name_too(run, fake):
    assert run("ensure_version").status == 0
    assert fake.asked == [("ensure_version", (), {})]


def test_the_old_names_are_not_in_the_help(run):
    assert "_" not in run("--help").out.partition("Options")[0]


def test_without_a_word_the_help_is_an_error(run):
    status, out, err = run()
    assert (status, out) == (2, "")
    assert err == run("--help").out
