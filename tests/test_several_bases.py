"""Which bases a command works on, in which order, and what it needs consent for."""

from __future__ import annotations

import json

import pytest

from tests import projects

PYPROJECT = """
    [tool.alembic-migrate]
    url = "sqlite:///{name}.db"

    [tool.alembic-migrate.bases.mail]
    metadata = "models:mail"
    after = ["users"]

    [tool.alembic-migrate.bases.users]
    metadata = "models:users"

    [tool.alembic-migrate.bases.tenant-1]
    module = "tenants.one"

    [tool.alembic-migrate.bases.tenant-2]
    metadata = "models:tenant"
    after = ["mail"]
    """

BASE_MODULE = """
    from sqlalchemy import MetaData


    def get_base():
        return {"base": MetaData(), "sqlalchemy_url": "sqlite:///own.db"}
    """

NAMES = ["mail", "users", "tenant-1", "tenant-2"]
ORDER = ["users", "mail", "tenant-1", "tenant-2"]


@pytest.fixture
def repository(project):
    """Four bases, two of which come after others; every one with a revision that does nothing."""
    made = project(
        {
            "pyproject.toml": PYPROJECT,
            "models.py": """
                from sqlalchemy import MetaData

                mail, users, tenant = MetaData(), MetaData(), MetaData()
                """,
            "tenants/__init__.py": "",
            "tenants/one.py": BASE_MODULE,
            "elsewhere/__init__.py": "",
            "elsewhere/base.py": BASE_MODULE,
        }
    )
    for name in NAMES:
        text = projects.revision_text(f"{name[0]}1", message="nothing")
        made.write(f"migrations/{name}/versions/{name[0]}1.py", text)
    return made


def bases(command, repository, *words, env=None):
    """Return the bases that a command worked on, in its order."""
    done = command(repository, "-q", "--format", "json", *words, env=env)
    return [each["base"] for each in done.json["bases"]]


@pytest.mark.parametrize(
    ("words", "env", "chosen"),
    [
        (("--base", "users"), None, ["users"]),
        (("-n", "users", "-b", "mail"), None, ["mail", "users"]),
        (("--name", "tenant-2,mail"), None, ["mail", "tenant-2"]),
        (("-b", "tenant-*"), None, ["tenant-1", "tenant-2"]),
        (("-b", "*s,mail"), None, ["mail", "users"]),
        (("-b", "tenants.one"), None, ["tenant-1"]),
        (("--all",), None, NAMES),
        ((), None, NAMES),
        ((), {"ALEMBIC_BASE": "users"}, ["users"]),
        ((), {"ALEMBIC_BASE": "tenant-?,users"}, ["users", "tenant-1", "tenant-2"]),
        ((), {"ALEMBIC_BASE": "tenants.one"}, ["tenant-1"]),
        ((), {"ALEMBIC_BASE": ""}, NAMES),
        (("-b", "mail"), {"ALEMBIC_BASE": "nope"}, ["mail"]),
        (("--all",), {"ALEMBIC_BASE": "nope"}, NAMES),
    ],
)
def test_the_words_of_base_and_of_the_variable_are_the_same(
    repository, command, words, env, chosen
):
    assert bases(command, repository, "heads", *words, env=env) == chosen
    assert bases(command, repository, *words, "heads", env=env) == chosen


def test_a_dotted_module_that_no_base_has_is_a_base_of_its_own(repository, command):
    words = ("-b", "elsewhere.base")
    command(repository, "init", *words, "--set", 'directory="other"')
    done = command(repository, "migrate", "-d", "other", *words)
    assert done.stdout == "elsewhere.base: nothing to do: no changes detected\n"
    assert repository.files("other") == ["other/README", "other/env.py", "other/script.py.mako"]


@pytest.mark.parametrize(
    ("words", "env", "said"),
    [
        (
            ("-b", "user"),
            None,
            (
                'there is no base "user" (asked for by --base)\n'
                '  the bases are: mail, users, tenant-1, tenant-2; did you mean "users"?\n'
                "  --base users\n"
            ),
        ),
        (
            (),
            {"ALEMBIC_BASE": "user"},
            (
                'there is no base "user" (asked for by ALEMBIC_BASE)\n'
                '  the bases are: mail, users, tenant-1, tenant-2; did you mean "users"?\n'
                "  ALEMBIC_BASE=users\n"
            ),
        ),
        (
            ("-b", "x*"),
            None,
            (
                'no base matches "x*" (asked for by --base)\n'
                "  the bases are: mail, users, tenant-1, tenant-2\n"
                "  --base mail\n"
            ),
        ),
        (
            ("-b", "mail", "--all"),
            None,
            "--all and --base exclude each other\n  leave one of them out\n",
        ),
    ],
)
def test_a_word_that_is_no_base_is_told_with_those_that_are(repository, command, words, env, said):
    done = command(repository, "heads", *words, env=env, status=2)
    assert (done.stdout, done.stderr) == ("", f"Error: {said}")


@pytest.mark.parametrize(
    "words",
    [
        ("upgrade",),
        ("downgrade", "base"),
        ("stamp",),
        ("ensure-version",),
        ("revision",),
        ("migrate",),
        ("merge",),
        ("edit",),
    ],
)
def test_what_writes_never_guesses_the_base(repository, command, words):
    before = repository.files()
    done = command(repository, *words, status=2)
    assert (done.stdout, done.stderr) == (
        "",
        (
            "Error: which base? There are several: mail, users, tenant-1, tenant-2\n"
            "  --base mail, or --all for every one\n"
        ),
    )
    assert repository.files() == before


def test_the_default_of_the_file_is_the_base_that_is_meant(repository, command):
    text = PYPROJECT.replace("[tool.alembic-migrate]", '[tool.alembic-migrate]\n    base = "users"')
    repository.write("pyproject.toml", text)
    assert bases(command, repository, "upgrade") == ["users"]
    assert bases(command, repository, "heads") == ["users"]
    assert bases(command, repository, "status") == NAMES
    assert bases(command, repository, "upgrade", "--all") == ORDER


def test_upgrades_run_in_the_order_of_after_and_downgrades_the_other_way(repository, command):
    assert bases(command, repository, "upgrade", "--all") == ORDER
    assert bases(command, repository, "upgrade", "-b", "mail,users") == ["users", "mail"]
    assert bases(command, repository, "stamp", "--all") == ORDER
    assert bases(command, repository, "ensure-version", "--all") == ORDER
    assert bases(command, repository, "downgrade", "--all") == ORDER[::-1]
    assert bases(command, repository, "current") == NAMES


@pytest.mark.parametrize(
    ("words", "what"),
    [
        (("upgrade", "u1"), "the revision u1"),
        (("upgrade", "side@head"), "the revision side@head"),
        (("downgrade", "u1"), "the revision u1"),
        (("stamp", "head", "u1"), "the revision u1"),
        (("show", "u1"), "the revision u1"),
        (("history", "-r", "u1:"), "the range u1:"),
        (("merge", "u1", "u2"), "the revision u1"),
        (("merge", "--rev-id", "u3"), "--rev-id u3"),
        (("revision", "--rev-id", "u2"), "--rev-id u2"),
        (("revision", "--head", "u1"), "--head u1"),
        (("migrate", "--depends-on", "u1"), "--depends-on u1"),
        (("revision", "--branch-label", "side"), "--branch-label side"),
        (("edit", "u1"), "edit"),
    ],
)
def test_a_revision_id_needs_exactly_one_base(repository, command, words, what):
    before = repository.files()
    done = command(repository, *words, "-b", "mail,users", status=2)
    first, hint = done.stderr.splitlines()
    assert done.stdout == ""
    assert first.startswith(f"Error: {what} belongs to one base, and 2 are chosen: ")
    assert hint.startswith("  choose one: --base ")
    assert repository.files() == before


def test_a_folder_and_a_url_need_exactly_one_base(repository, command):
    for flag, value in (("--directory", "there"), ("--url", "sqlite:///there.db")):
        done = command(repository, "heads", flag, value, "--all", status=2)
        assert done.stderr == (
            f"Error: {flag} is for one base, and 4 are meant: mail, users, tenant-1, tenant-2\n"
            "  --base mail\n"
        )
    words = ("-b", "mail", "--url", "sqlite:///there.db", "--directory", "migrations/users")
    assert bases(command, repository, "upgrade", *words) == ["mail"]
    assert repository.stamped("sqlite:///there.db") == ["u1"]


def test_a_protected_base_loses_nothing_without_consent(repository, command):
    text = PYPROJECT.replace(
        'metadata = "models:users"', 'metadata = "models:users"\nprotected = true'
    )
    repository.write("pyproject.toml", text)
    command(repository, "upgrade", "--all")
    for words, verb in (
        (("downgrade", "base"), "downgrade"),
        (("stamp", "--purge", "base"), "stamp --purge"),
    ):
        done = command(repository, *words, "--all", status=3)
        assert (done.stdout, done.stderr) == (
            "",
            (
                f"Error: users: protected = true, and {verb} may lose data; nothing was done\n"
                "  if it is meant: add --confirm users\n"
            ),
        )
        assert command(repository, *words, "--all", "--confirm", "mail", status=3).stdout == ""
        assert repository.stamped("sqlite:///users.db") == ["u1"]
        assert repository.stamped("sqlite:///mail.db") == ["m1"]
    command(repository, "stamp", "base", "-b", "users")
    command(repository, "upgrade", "-b", "users")
    command(repository, "downgrade", "--sql", "u1:base", "-b", "users")
    command(repository, "downgrade", "base", "--all", "--confirm", "users")
    assert repository.stamped("sqlite:///users.db") == []


# --- options of every command ----------------------------------------------------------------

ENV = """
    import json
    from alembic import context
    from alembic_migrate.environment import run_migrations

    with open("told.json", "w") as file:
        json.dump([context.get_x_argument(), context.get_tag_argument()], file)
    run_migrations()
    """


def test_arguments_and_the_tag_reach_the_environment_script_once(repository, command):
    repository.write("migrations/users/env.py", ENV)
    words = ("-x", "a=1", "upgrade", "-b", "users", "-x", "b", "--x-arg", "c=2", "--tag", "t")
    command(repository, *words)
    assert json.loads(repository.read("told.json")) == [["a=1", "b", "c=2"], "t"]


@pytest.mark.parametrize("place", ["before", "after"])
def test_any_key_may_be_set_for_one_run_before_and_after_the_command(repository, command, place):
    setting = ("--set", "version_table=revisions", "--set", "connect_timeout=3")
    words = ("upgrade", "-b", "users")
    command(repository, *((*setting, *words) if place == "before" else (*words, *setting)))
    assert repository.tables("sqlite:///users.db") == ["revisions"]


def test_the_project_may_be_named_from_anywhere(repository, command):
    repository.write("docs/page.md", "")
    file = repository.root / "pyproject.toml"
    for words in (
        ("heads", "-b", "users"),
        ("-C", "..", "heads", "-b", "users"),
        ("heads", "--project", repository.root, "-b", "users"),
        ("-c", file, "heads", "-b", "users"),
        ("heads", "--config", "../pyproject.toml", "-b", "users"),
    ):
        assert command(repository, *words, cwd="docs").stdout == "u1 (head)\n"


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        (
            "compare_typo=1",
            (
                "--set compare_typo is not a known key\n"
                '  the nearest known key is "compare_type"\n'
                "  compare_type = true\n"
            ),
        ),
        (
            'compare_type="maybe"',
            (
                '--set compare_type must be true, false or a string "package.module:function", '
                "but is a string, \"maybe\"\n  --set 'compare_type=true'\n"
            ),
        ),
        ("nothing", "--set takes KEY=VALUE\n  --set compare_type=false\n"),
    ],
)
def test_a_setting_that_cannot_be_is_told(repository, command, setting, said):
    done = command(repository, "check", "-b", "users", "--set", setting, status=2)
    assert (done.stdout, done.stderr) == ("", f"Error: {said}")
