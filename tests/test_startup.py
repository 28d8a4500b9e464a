"""What the command imports before it does anything: a list of modules, not a time."""

from __future__ import annotations

import json
import pkgutil
from importlib import import_module

import pytest

from tests import projects

HEAVY = {"alembic", "mako", "pydantic", "rich", "sqlalchemy", "tomlkit"}

# Runs the words of the command line and tells what they imported, whatever they print.
WATCHED = """
import json, sys
words, told = sys.argv[1:-1], sys.argv[-1]
from alembic_migrate.cli import main
try:
    main(words)
finally:
    with open(told, "w") as file:
        json.dump(sorted({name.partition(".")[0] for name in sys.modules}), file)
"""

COMMANDS = [
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
    "current",
    "heads",
    "branches",
    "show",
    "history",
    "check",
    "ensure-version",
    "resolve",
    "lint",
    "status",
    "verify",
    "tenants",
    "tenants list",
    "tenants create",
    "config",
    "config show",
    "config schema",
    "completion",
]


@pytest.fixture
def imported(two_bases):
    """``imported("heads", "--help")`` runs the command and returns what of HEAVY it imported."""

    def run(*words, env=None, status=0):
        told = two_bases.root / "imported.json"
        two_bases.run(*words, told, python=("-c", WATCHED), env=env, status=status)
        return HEAVY & set(json.loads(told.read_text()))

    return run


def complete(*words):
    """Return the variables by which bash asks for completions of the last word."""
    return {
        "_ALEMBIC_DB_COMPLETE": "bash_complete",
        "COMP_WORDS": " ".join(("alembic-db", *words)),
        "COMP_CWORD": str(len(words)),
    }


def test_the_commands_are_those_that_there_are():
    from alembic_migrate import cli
    from alembic_migrate.cli import db
    from alembic_migrate.cli.parsing import Group

    names = []
    for name, each in db.commands.items():
        names.append(name)
        if isinstance(each, Group):
            names += [f"{name} {inner}" for inner in each.commands]
    assert sorted(names) == sorted(COMMANDS)
    written = set()
    for found in pkgutil.iter_modules(cli.__path__, f"{cli.__name__}."):
        written |= {each.name for each in getattr(import_module(found.name), "COMMANDS", ())}
    assert written == set(cli.db.commands)


def test_help_version_and_errors_of_the_command_line_import_nothing_heavy(two_bases):
    told = two_bases.root / "imported.json"
    lines = ["--help", "--version", "completion bash", "completion zsh", "completion fish"]
    lines += [f"{command} --help" for command in COMMANDS]
    lines += ["nonsense", "upgrade --nonsense", ""]
    # One process for all of them: what any of them imports is seen.
    code = WATCHED.replace("    main(words)\n", "    each_of(words)\n").replace(
        "from alembic_migrate.cli import main\n",
        "from alembic_migrate.cli import main\n"
        "def each_of(lines):\n"
        "    for line in lines:\n"
        "        try:\n"
        "            main(line.split())\n"
        "        except SystemExit:\n"
        "            pass\n",
    )
    shown = two_bases.run(*lines, told, python=("-c", code))
    assert shown.stdout.count("Usage: alembic-db") == len(COMMANDS) + 1
    assert set(json.loads(told.read_text())) & HEAVY == set()


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (("upgrade", "--base", ""), ["app", "reporting"]),
        (("--base", "app,re"), ["app,reporting"]),
        (("upgrade", "-b", "reporting", ""), ["head", "heads", "base", "r1"]),
        (("upgrade", "--confi"), ["--confirm", "--config"]),
        (("hist",), ["history"]),
    ],
)
def test_completion_imports_nothing_heavy(two_bases, imported, words, found):
    two_bases.write("migrations/reporting/versions/r1.py", projects.revision_text("r1"))
    env = complete(*words)
    assert imported(env=env) == set()
    offered = two_bases.run(env=env).stdout.splitlines()
    assert [line.partition(",")[2].partition("\t")[0] for line in offered] == found


@pytest.mark.parametrize(
    ("words", "heavy"),
    [
        (("config", "schema"), set()),
        (("config", "show"), set()),
        (("config", "show", "--format", "json"), set()),
        (("config", "show", "-b", "app", "--set", "lock_wait=0.5"), {"pydantic"}),
    ],
)
def test_the_configuration_is_shown_without_sqlalchemy_and_alembic(imported, words, heavy):
    assert imported(*words) == heavy


@pytest.mark.parametrize(
    "words", ["heads -v", "heads --resolve-dependencies", "history", "branches", "show", "show r"]
)
def test_what_revision_files_say_is_told_without_running_them(two_bases, imported, words):
    down = None
    for name in ("revision_1", "revision_2"):
        two_bases.write(
            f"migrations/reporting/versions/{name}.py", projects.revision_text(name, down)
        )
        down = name
    words = words.replace("show r", "show revision_1")
    assert imported(*words.split(), "-b", "reporting") == set()


def test_alembic_is_asked_where_the_files_or_the_words_are_not_plain(two_bases, imported):
    versions = "migrations/reporting/versions"
    two_bases.write(f"{versions}/r1.py", projects.revision_text("r1"))
    alembic = {"alembic", "mako", "sqlalchemy"}
    assert imported("show", "head-0", "-b", "reporting", status=2) >= alembic
    assert imported("history", "-r", "r1:", "-b", "reporting") == alembic
    two_bases.write(f"{versions}/r2.py", "revision = str('r2')\ndown_revision = 'r1'\n")
    assert imported("heads", "-b", "reporting") == alembic


@pytest.mark.parametrize("script", [True, False], ids=["with our env.py", "without env.py"])
def test_where_a_database_is_is_told_without_alembic_and_runs_no_revision(
    two_bases, imported, script
):
    two_bases.run("init", "-b", "reporting", "--template", "app" if script else "bare")
    assert ("env.py" in "".join(two_bases.files("migrations"))) == script
    versions = "migrations/reporting/versions"
    two_bases.write(f"{versions}/r1.py", projects.revision_text("r1"))
    assert imported("upgrade", "-b", "reporting") > {"alembic", "sqlalchemy"}
    two_bases.write(f"{versions}/r1.py", "raise SystemExit\n" + projects.revision_text("r1"))
    for words in ("current", "upgrade", "upgrade head", "upgrade heads", "upgrade r1"):
        assert imported(*words.split(), "-b", "reporting") == {"sqlalchemy"}


def test_only_a_table_is_drawn_with_rich(two_bases, imported):
    two_bases.run("init", "--all")
    assert imported("heads") == set()
    assert imported("status") == {"rich", "sqlalchemy"}
    assert imported("status", "--format", "json") == {"sqlalchemy"}


def all_imported(project, *words):
    told = project.root / "imported.json"
    project.run(*words, told, python=("-c", WATCHED))
    return set(json.loads(told.read_text()))


def test_colours_for_pages_that_nobody_sees_are_not_imported(tutorial):
    tutorial.run("init")
    for words in ("migrate -m one", "upgrade", "check", "downgrade base", "history --verbose"):
        found = all_imported(tutorial, *words.split())
        assert "pygments" not in found
        assert "mako" in found or words.startswith("history")


def test_a_project_may_colour_what_it_likes(tutorial):
    tutorial.run("init")
    models = tutorial.read("model/base.py")
    tutorial.write("model/base.py", f"import mako.ext.pygmentplugin\n{models}")
    assert "pygments" in all_imported(tutorial, "migrate", "-m", "one")


def test_importing_the_package_imports_nothing_of_its_dependencies(two_bases):
    told = two_bases.root / "imported.json"
    code = (
        "import json, sys, alembic_migrate\njson.dump(sorted(sys.modules), open(sys.argv[1], 'w'))"
    )
    two_bases.run(told, python=("-c", code))
    names = {name.partition(".")[0] for name in json.loads(told.read_text())}
    assert names & (HEAVY | {"click", "tomli"}) == set()


def test_garbage_is_looked_for_seldom_while_a_command_runs_and_as_before_afterwards(monkeypatch):
    import gc

    from alembic_migrate import cli

    seen = []
    monkeypatch.setattr("alembic_migrate.cli.entry.main", lambda _: seen.append(gc.get_threshold()))
    before = gc.get_threshold()
    cli.main([])
    assert seen == [(20_000, *before[1:])]
    assert gc.get_threshold() == before
    monkeypatch.setattr(gc, "get_threshold", lambda: (10**9, 10, 10))
    set_to = []
    monkeypatch.setattr(gc, "set_threshold", lambda *numbers: set_to.append(numbers))
    cli.main([])
    assert set_to == [(10**9, 10, 10)] * 2, "who asked for less still gets less"


# The process's own handler was registered before the command's, so that it is called after it.
AT_THE_END = """
import atexit, gc, sys
from pathlib import Path
atexit.register(lambda: Path("frozen").write_text(str(gc.get_freeze_count())))
from alembic_migrate.cli import main
main()
"""


def test_no_garbage_is_looked_for_when_the_process_ends_but_files_are_flushed(tutorial):
    tutorial.run("init")
    models = tutorial.read("model/base.py")
    left = "left = open('left', 'w')\nleft.write('all of it')\n"
    tutorial.write("model/base.py", left + models)
    tutorial.run("migrate", "-m", "one", python=("-c", AT_THE_END))
    assert int(tutorial.read("frozen")) > 10_000
    assert tutorial.read("left") == "all of it"


def test_garbage_of_a_process_that_only_calls_the_command_is_its_own(tutorial):
    called = AT_THE_END.replace("main()", "main(sys.argv[1:])")
    tutorial.run("config", "show", python=("-c", called))
    assert tutorial.read("frozen") == "0"
