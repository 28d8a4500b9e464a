"""``alembic-db lint`` from outside: which revisions, what counts, and how it is told."""

from __future__ import annotations

import json
import subprocess

import pytest

from tests import projects

MAKE = 'op.create_table("{0}", sa.Column("id", sa.Integer, primary_key=True))'
DROP = 'op.drop_table("{0}")'
VERSIONS = "migrations/versions"


def revision(name, down, upgrade, downgrade=None):
    text = projects.revision_text(
        name, down, upgrade=upgrade, downgrade=downgrade or 'op.execute("SELECT 1")'
    )
    return {f"{VERSIONS}/{name}.py": text}


def line_of(text):
    """Return where upgrade() begins to do something in a file of ``revision()``."""
    return text.splitlines().index("def upgrade():") + 2


TOML = """
    [tool.alembic-migrate]
    metadata = "shop:metadata"
    url = "${SHOP_URL:-sqlite:///shop.db}"
    """
SHOP = """
    from sqlalchemy import Column, Integer, MetaData, Table

    metadata = MetaData()
    Table("book", metadata, Column("id", Integer, primary_key=True))
    """
HISTORY = (
    revision("a", None, f"{MAKE.format('book')}\n{MAKE.format('author')}")
    | revision("b", "a", DROP.format("book"), MAKE.format("book"))
    | revision("c", "b", DROP.format("author"), MAKE.format("author"))
)
LINE = line_of(HISTORY[f"{VERSIONS}/b.py"])


@pytest.fixture
def shop(project):
    """Revisions a, b and c: a makes two tables, b and c drop one of them each."""
    return project(
        {
            "pyproject.toml": TOML,
            "shop.py": SHOP,
            **HISTORY,
        }
    )


def found(result):
    """Return base's revision and code of each finding of a JSON answer."""
    return [
        (finding["revision"], finding["code"])
        for base in result.json["bases"]
        for finding in base["findings"]
    ]


def told(command, shop, name, severity="error"):
    """Return the text that a revision's one finding is, made of its JSON."""
    answer = command(shop, "lint", name, "--format", "json", status=4).json
    (finding,) = answer["bases"][0]["findings"]
    assert (finding["code"], finding["file"]) == (
        "ADB101",
        str(shop.root / VERSIONS / f"{name}.py"),
    )
    assert finding["line"] == LINE
    safe = "".join(f"  {line}\n" if line else "\n" for line in (finding["safe"] or "").splitlines())
    text = (
        f"{VERSIONS}/{name}.py:{LINE}: {severity} ADB101 drop-table: {finding['message']}\n{safe}"
    )
    return text, finding


# --- which revisions -------------------------------------------------------------------------


def test_what_the_database_does_not_have_yet_is_linted(shop, command, database_url):
    env = {"SHOP_URL": database_url}
    command(shop, "upgrade", "b", env=env)
    said = command(shop, "lint", "--format", "json", env=env, status=4)
    assert said.json["bases"][0]["revisions"] == ["c"]
    assert found(said) == [("c", "ADB101")]
    command(shop, "upgrade", env=env)
    assert command(shop, "lint", env=env).stdout == "Nothing to lint: no pending revisions\n"


def test_nothing_of_it_is_run_on_the_database(shop, command, database_url):
    env = {"SHOP_URL": database_url}
    command(shop, "upgrade", "a", env=env)
    command(shop, "lint", env=env, status=4)
    assert shop.tables(database_url) == ["alembic_version", "author", "book"]
    assert shop.stamped(database_url) == ["a"]


def test_a_sqlite_file_that_is_not_there_is_not_made(shop, command):
    said = command(shop, "lint", "--format", "json", status=4)
    assert said.json["bases"][0]["revisions"] == ["a", "b", "c"]
    assert not (shop.root / "shop.db").exists()


@pytest.mark.parametrize(
    ("words", "revisions"),
    [
        ("b", ["b"]),
        ("head", ["c"]),
        ("b:c", ["b", "c"]),
        ("-r b:", ["b", "c"]),
        ("--rev-range :b", ["a", "b"]),
        ("-r -1:head", ["b", "c"]),
        ("current:", ["b", "c"]),
        ("current", ["b"]),
        ("--all-revisions", ["a", "b", "c"]),
    ],
)
def test_a_range_or_the_whole_history_is_linted(words, revisions, shop, command):
    command(shop, "stamp", "b")
    said = command(shop, "lint", *words.split(), "--format", "json", status=4)
    assert said.json["bases"][0]["revisions"] == revisions


def test_without_a_database_there_are_other_ways(shop, command):
    env = {"SHOP_URL": "postgresql+psycopg://me@127.0.0.1:1/shop"}
    refused = command(shop, "lint", env=env, status=1).stderr.splitlines()
    assert refused[-1] == (
        "  without the database: alembic-db lint --all-revisions, -r FROM:TO or --since main"
    )
    assert found(command(shop, "lint", "c", "--format", "json", env=env, status=4)) == [
        ("c", "ADB101")
    ]


def test_what_any_tenant_does_not_have_yet_is_linted(shop, command):
    tenants = 'tenants={names=["one", "two"], url="sqlite:///{tenant}.db"}'
    for tenant, revision_id in (("one", "b"), ("two", "c")):
        command(shop, "upgrade", revision_id, "--tenant", tenant, "--set", tenants)
    words = ("lint", "--format", "json", "--set", tenants)
    said = command(shop, *words, status=4).json
    assert [(each["base"], each["revisions"]) for each in said["bases"]] == [("default", ["c"])]
    said = command(shop, *words, "--tenant", "two").json
    assert [each["revisions"] for each in said["bases"]] == [[]]
    said = command(shop, *words, "--all-revisions", status=4).json
    assert [each["revisions"] for each in said["bases"]] == [["a", "b", "c"]]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("a:b --all-revisions", "--all-revisions and a range exclude each other"),
        ("--since main -r a:b", "a range and --since exclude each other"),
        ("a:b -r a:b", "REVISION_RANGE and --rev-range are the same"),
        ("a:b:c", "the range 'a:b:c' is none"),
        ("z", "there is no revision 'z' in FOLDER"),
    ],
)
def test_what_cannot_be_meant_is_refused(words, message, shop, command):
    said = command(shop, "lint", *words.split(), status=2).stderr.splitlines()[0]
    assert said == f"Error: {message}".replace("FOLDER", str(shop.root / "migrations"))


def test_an_id_belongs_to_one_base(two_bases, command):
    for base in ("app", "reporting"):
        two_bases.write(f"migrations/{base}/versions/a.py", projects.revision_text("a"))
    said = command(two_bases, "lint", "a:a", status=2).stderr
    assert said == (
        "Error: the range a:a belongs to one base, and 2 are chosen: app, reporting\n"
        "  choose one: --base app\n"
    )
    every = command(two_bases, "lint", "--all-revisions", "--set", 'lint={craft="off"}').stdout
    assert every == "app: no findings in 1 revision\nreporting: no findings in 1 revision\n"


# --- what a branch of git brings -------------------------------------------------------------


@pytest.fixture
def git(shop):
    """``git("commit", ...)`` runs git in the project; revisions a and b are on main."""

    def run(*words, cwd="."):
        words = ["git", "-c", "user.name=n", "-c", "user.email=n@example.org", *words]
        env = projects.environment(shop.root, {"GIT_CONFIG_NOSYSTEM": "1"})
        subprocess.run(words, cwd=shop.root / cwd, env=env, capture_output=True, check=True)

    (shop.root / VERSIONS / "c.py").unlink()
    shop.write(".gitignore", "*.db\n__pycache__/\nignored.py\n")
    run("init", "-q", "-b", "main")
    run("add", "-A")
    run("commit", "-q", "-m", "start")
    run("checkout", "-q", "-b", "feature")
    return run


def since(command, shop, ref="main", **more):
    said = command(shop, "lint", "--since", ref, "--format", "json", status=None, **more)
    return said.json["bases"][0]["revisions"]


def test_the_files_that_a_branch_adds_are_linted_committed_or_not(shop, git, command):
    assert command(shop, "lint", "--since", "main").stdout == (
        "Nothing to lint: no revisions since main\n"
    )
    shop.write(f"{VERSIONS}/c.py", HISTORY[f"{VERSIONS}/c.py"])
    assert since(command, shop) == ["c"]
    git("add", "-A")
    assert since(command, shop) == ["c"]
    git("commit", "-q", "-m", "c")
    assert since(command, shop) == ["c"]
    assert since(command, shop, "HEAD") == []


def test_the_files_that_a_branch_changes_are_linted(shop, git, command):
    file = shop.root / VERSIONS / "a.py"
    file.write_text(file.read_text() + "# changed\n")
    assert since(command, shop) == ["a"]
    git("commit", "-q", "-a", "-m", "changed")
    assert since(command, shop) == ["a"]


def test_what_the_other_branch_has_gained_since_is_not_linted(shop, git, command):
    git("checkout", "-q", "main")
    text = HISTORY[f"{VERSIONS}/a.py"]
    shop.write(f"{VERSIONS}/a.py", text + "# changed on main\n")
    git("commit", "-q", "-a", "-m", "main goes on")
    git("checkout", "-q", "feature")
    shop.write(f"{VERSIONS}/c.py", HISTORY[f"{VERSIONS}/c.py"])
    assert since(command, shop) == ["c"]


def test_what_git_ignores_and_what_is_gone_is_not_linted(shop, git, command):
    shop.write(f"{VERSIONS}/ignored.py", HISTORY[f"{VERSIONS}/c.py"])
    (shop.root / VERSIONS / "b.py").unlink()
    shop.write(f"{VERSIONS}/ignored.py", projects.revision_text("c", "a"))
    assert since(command, shop) == []


def test_a_folder_below_the_repository_is_found_from_everywhere(shop, git, command):
    file = "migrations/versions/ein Büch.py"
    shop.write(file, HISTORY[f"{VERSIONS}/c.py"])
    for cwd in (".", "migrations"):
        assert since(command, shop, cwd=cwd) == ["c"]


def test_a_hook_of_git_works_too(shop, git, command):
    shop.write(f"{VERSIONS}/c.py", HISTORY[f"{VERSIONS}/c.py"])
    hook = {"GIT_DIR": ".git", "GIT_INDEX_FILE": ".git/index", "GIT_PREFIX": ""}
    assert since(command, shop, env=hook) == ["c"]


@pytest.mark.parametrize("ref", ["nowhere", "-p", "--help"])
def test_a_ref_that_git_does_not_know_is_an_error(ref, shop, git, command):
    assert command(shop, "lint", f"--since={ref}", status=2).stderr == (
        f"Error: --since {ref}: git knows no such branch, tag or commit in "
        f"{shop.root / VERSIONS}\n"
        f"  fetch it: git fetch origin {ref}\n"
        f"  then: alembic-db lint --since origin/{ref}\n"
    )


def test_a_branch_without_a_common_commit_is_an_error(shop, git, command):
    git("checkout", "-q", "--orphan", "other")
    git("commit", "-q", "-m", "another beginning")
    assert command(shop, "lint", "--since", "main", status=2).stderr == (
        "Error: --since main: git knows no commit that it and HEAD have in common\n"
        "  is this a shallow clone? git fetch --unshallow\n"
    )


def test_without_a_repository_or_git_that_is_an_error(shop, command, tmp_path):
    nothing = {"GIT_CEILING_DIRECTORIES": str(tmp_path)}
    said = command(shop, "lint", "--since", "main", env=nothing, status=2).stderr
    assert said.startswith(f"Error: --since main: {shop.root / VERSIONS} is in no git repository (")
    assert said.endswith(")\n  without git: alembic-db lint -r FROM:TO, or --all-revisions\n")
    no_git = {"PATH": str(tmp_path)}
    assert command(shop, "lint", "--since", "main", env=no_git, status=2).stderr == (
        "Error: --since asks git what has changed, and there is no git\n"
        "  install git; without it: alembic-db lint -r FROM:TO, or --all-revisions\n"
    )


# --- what counts -----------------------------------------------------------------------------


def test_an_error_exits_with_4_and_names_file_and_line(shop, command):
    (b, _), (c, _) = (told(command, shop, name) for name in "bc")
    said = command(shop, "lint", status=4)
    assert (said.stdout, said.stderr) == (f"{b}{c}2 errors in 3 revisions\n", "")


@pytest.mark.parametrize("key", ["ADB101", "drop-table", "destructive"])
def test_a_severity_is_set_by_code_name_or_category(key, shop, command):
    text, _ = told(command, shop, "b", "warning")
    warned = command(shop, "lint", "b", "--set", f'lint={{{key}="warning"}}')
    assert warned.stdout == f"{text}1 warning in 1 revision\n"
    command(shop, "lint", "b", "--strict", "--set", f'lint={{{key}="warning"}}', status=4)
    nothing = command(shop, "lint", "b", "--strict", "--set", f'lint={{{key}="off"}}')
    assert nothing.stdout == "No findings in 1 revision\n"


def test_severities_stand_in_the_table(shop, command):
    file = shop.root / "pyproject.toml"
    file.write_text(file.read_text() + '\n[tool.alembic-migrate.lint]\ndrop-table = "warning"\n')
    command(shop, "lint")
    file.write_text(file.read_text().replace("drop-table", "drop-tabel"))
    assert command(shop, "lint", status=2).stderr == (
        'Error: lint names an unknown rule, "drop-tabel" (pyproject.toml:5 '
        "[tool.alembic-migrate])\n"
        '  did you mean "drop-table"? alembic-db lint --explain all lists the rules\n'
    )
    file.write_text(file.read_text().replace('drop-tabel = "warning"', 'drop-table = "loud"'))
    assert command(shop, "lint", status=2).stderr == (
        f"Error: {file}:5: tool.alembic-migrate.lint must be a table of "
        '"error", "warning" and "off", but is a table in which drop-table is a string, "loud"\n'
        '  lint = { drop-table = "warning", locking = "off" }\n'
    )


def test_what_a_comment_accepts_does_not_count_and_is_shown_with_v(shop, command):
    text = HISTORY[f"{VERSIONS}/b.py"].splitlines()
    text[LINE - 1] += "  # alembic-db: ignore[ADB101] nobody reads it"
    shop.write(f"{VERSIONS}/b.py", "\n".join(text) + "\n")
    assert command(shop, "lint", "b", "--strict").stdout == "1 accepted in 1 revision\n"
    message, why, summary = command(shop, "lint", "b", "-v").stdout.splitlines()
    assert message.startswith(f"{VERSIONS}/b.py:{LINE}: accepted ADB101 drop-table: ")
    assert (why, summary) == ("  accepted: nobody reads it", "1 accepted in 1 revision")
    for form in ("github", "gitlab"):
        assert command(shop, "lint", "b", "--format", form).stdout in {"", "[]\n"}
    sarif = json.loads(command(shop, "lint", "b", "--format", "sarif").stdout)
    assert sarif["runs"][0]["results"][0]["suppressions"] == [
        {"kind": "inSource", "status": "accepted", "justification": "nobody reads it"}
    ]


def test_what_needs_a_connection_is_told_and_counts_with_strict(shop, command, database_url):
    shop.write(
        f"{VERSIONS}/c.py",
        projects.revision_text(
            "c",
            "b",
            upgrade="""
                for (number,) in op.get_bind().execute(sa.text("SELECT id FROM author")).all():
                    op.execute(f"DELETE FROM author WHERE id = {number}")
                """,
            downgrade='op.execute("SELECT 1")',
        ),
    )
    env = {"SHOP_URL": database_url}
    said = command(shop, "lint", "c", env=env).stdout
    assert said.startswith(f"{VERSIONS}/c.py:{LINE}: warning ADB001 not-linted: ")
    assert said.splitlines()[-1] == "1 warning in 1 revision; 1 not linted as a whole"
    command(shop, "lint", "c", "--strict", env=env, status=4)
    off = ("--set", 'lint={craft="off"}', "--strict")
    command(shop, "lint", "c", *off, env=env, status=4)


def test_a_base_that_fails_does_not_hide_the_findings_of_another(two_bases, command):
    two_bases.write(
        "migrations/app/versions/a.py", projects.revision_text("a", upgrade=DROP.format("book"))
    )
    two_bases.write("migrations/reporting/versions/r.py", "broken(\n")
    said = command(two_bases, "lint", "--all-revisions", "--format", "json", status=6).json
    assert [each["code"] for each in said["bases"][0]["result"]["findings"]][:1] == ["ADB101"]
    assert said["bases"][1]["error"]["code"] == "history"


# --- how it is told --------------------------------------------------------------------------


def test_github_gets_a_command_a_finding(shop, command):
    _, finding = told(command, shop, "b")
    text = finding["message"] + (f"\n{finding['safe']}" if finding["safe"] else "")
    said = command(shop, "lint", "b", "--format", "github", status=4)
    assert said.stdout == (
        f"::error file={VERSIONS}/b.py,line={LINE},title=ADB101 drop-table::"
        + text.replace("\n", "%0A")
        + "\n"
    )


def test_gitlab_gets_a_code_quality_report(shop, command):
    _, finding = told(command, shop, "b")
    said = json.loads(command(shop, "lint", "b", "--format=gitlab", status=4).stdout)
    assert said == [
        {
            "description": finding["message"],
            "check_name": "ADB101 drop-table",
            "fingerprint": said[0]["fingerprint"],
            "severity": "major",
            "location": {"path": f"{VERSIONS}/b.py", "lines": {"begin": LINE}},
        }
    ]
    assert json.loads(command(shop, "lint", "a:a", "--format", "gitlab").stdout) == []


def test_sarif_has_the_finding_at_its_place(shop, command):
    said = json.loads(command(shop, "lint", "b", "--format", "sarif", status=4).stdout)
    run = said["runs"][0]
    assert run["originalUriBaseIds"] == {"PROJECTROOT": {"uri": f"{shop.root.as_uri()}/"}}
    result = run["results"][0]
    assert result["locations"][0]["physicalLocation"] == {
        "artifactLocation": {"uri": f"{VERSIONS}/b.py", "uriBaseId": "PROJECTROOT"},
        "region": {"startLine": LINE},
    }
    assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == "ADB101"


def test_a_format_of_lint_alone_may_stand_before_it_and_nowhere_else(shop, command):
    before = command(shop, "--format", "github", "lint", "b", status=4).stdout
    assert before == command(shop, "lint", "b", "--format", "github", status=4).stdout
    for words in (("--format", "sarif", "heads"), ("heads", "--format", "sarif")):
        assert command(shop, *words, status=2).stderr.splitlines()[0] == (
            "Error: Invalid value for '--format': 'sarif' is not one of 'text', 'json', 'jsonl'"
        )


def test_an_error_is_told_on_stderr_whatever_the_format(shop, command):
    for form in ("sarif", "github", "gitlab"):
        said = command(shop, "lint", "z", "--format", form, status=2)
        assert (said.stdout, said.stderr.splitlines()[0]) == (
            "",
            f"Error: there is no revision 'z' in {shop.root / 'migrations'}",
        )


# --- the rules -------------------------------------------------------------------------------


def test_a_rule_is_explained_by_its_code_or_its_name(shop, command):
    by_code = command(shop, "lint", "--explain", "ADB101").stdout
    assert by_code == command(shop, "lint", "--explain", "drop-table").stdout
    assert by_code.startswith("ADB101 drop-table: ")
    rules = command(shop, "lint", "--explain", "ADB101", "--format", "json").json["rules"]
    assert [(each["code"], each["severity"]) for each in rules] == [("ADB101", "error")]


def test_all_rules_are_listed_a_line_each(shop, command):
    listed = command(shop, "lint", "--explain", "all").stdout.splitlines()
    rules = command(shop, "lint", "--explain", "all", "--format", "json").json["rules"]
    assert [line.split()[0] for line in listed] == [each["code"] for each in rules]
    assert "ADB101" in {each["code"] for each in rules}


def test_an_unknown_rule_is_answered_with_the_nearest(shop, command):
    assert command(shop, "lint", "--explain", "drop-tables", status=2).stderr == (
        'Error: there is no rule "drop-tables"\n'
        '  did you mean "drop-table"? alembic-db lint --explain all lists the rules\n'
    )
