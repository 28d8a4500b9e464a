"""Every block of the README is run; see tests/documentation.py for how blocks are written."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import alembic
import pytest

from alembic_migrate.config.load import load
from tests import documentation, projects
from tests.documentation import ROOT, Block, Command

README = documentation.README.read_text(encoding="utf-8")
SECTIONS = documentation.sections(README)
FRESH_MACHINE = "On a fresh machine"
RUN = {name: blocks for name, blocks in SECTIONS.items() if blocks and name != FRESH_MACHINE}

# Where the README says that the reader's project and a container's secrets are.
HOME = "/home/you/shelf"
SECRETS = "/run/secrets"

_ID = re.compile(r"(?<![0-9a-z])[0-9a-f]{12}(?![0-9a-z])")
_END = "--- end of a command ---"


class Reader:
    """Does what a section of the README says, in a folder of its own."""

    def __init__(self, root: Path) -> None:
        self.project = projects.make(root / "shelf", {})
        self.secrets = root / "secrets"
        self.secrets.mkdir()
        self.env = projects.environment(self.project.root, {"PYTHONPATH": None})
        self.env["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), self.env["PATH"]])
        self.ids: dict[str, str] = {}  # the README's ids -> the real ones

    def follow(self, block: Block) -> None:
        text = self.here(block.text)
        if block.file is not None:
            self.project.write(block.file, text)
        if block.language == "toml":
            self.load(text)
        elif block.language == "dockerfile":
            self.container(text)
        elif block.language == "run":
            self.succeed(text)
        elif block.language == "files of":
            for other in SECTIONS[block.text]:
                if other.language == "run" or other.file is not None:
                    self.follow(other)
        elif block.language == "console":
            self.converse(block)
        elif block.file is None:
            assert block.language == "python", f"README.md:{block.line}: how is this block run?"
            self.succeed(shlex.join(["python", "-c", text]))

    def here(self, text: str) -> str:
        """Return a text of the README with the folders and ids of this run."""
        text = text.replace(HOME, str(self.project.root)).replace(SECRETS, str(self.secrets))
        return _ID.sub(lambda match: self.ids.get(match[0], match[0]), text)

    def shell(self, commands: list[str]) -> list[tuple[str, int]]:
        """Run commands in one shell; return what each prints and its exit status."""
        lines = ["exec 2>&1", "true"]
        for each in commands:
            lines += [each, f's=$?; printf "%s%s\\n" "{_END}" $s; (exit $s)']
        done = subprocess.run(
            ["bash", "-c", "\n".join(lines)],
            cwd=self.project.root,
            env=self.env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=projects.TIMEOUT_SECONDS,
            check=False,
        )
        outputs = re.split(rf"{_END}(\d+)\n", done.stdout)
        assert len(outputs) == 2 * len(commands) + 1, done.stdout
        return [
            (out, int(status)) for out, status in zip(outputs[::2], outputs[1::2], strict=False)
        ]

    def succeed(self, command: str) -> None:
        """Run a command that may not fail."""
        [(output, status)] = self.shell([command])
        assert status == 0, f"{command}\n{output}"

    def converse(self, block: Block) -> None:
        """Run a console block; what is printed has to be what the README says."""
        wanted = documentation.commands(block)
        done = self.shell([self.here(each.text) for each in wanted])
        for place, (command, (output, status)) in enumerate(zip(wanted, done, strict=True)):
            self.compare(block, command, output)
            tells = place + 1 < len(wanted) and wanted[place + 1].text == "echo $?"
            assert status == 0 or tells, f"README.md:{block.line}: {command.text}: exit {status}"

    def compare(self, block: Block, command: Command, output: str) -> None:
        output = output.replace(str(self.project.root), HOME).replace(str(self.secrets), SECRETS)
        expected = command.output
        for theirs, ours in zip(_ID.findall(expected), _ID.findall(output), strict=False):
            self.ids.setdefault(theirs, ours)
        expected = _ID.sub(lambda match: self.ids.get(match[0], match[0]), expected)
        found, pattern = squeezed(output), re.escape(squeezed(expected))
        pattern = re.sub(r"(?m)^\\\.\\\.\\\.$", "(?s:.*)", pattern)
        if not re.fullmatch(pattern, found):
            assert found == squeezed(expected), f"README.md:{block.line}: {command.text}"

    def load(self, text: str) -> None:
        """Load a TOML block as the configuration of a project, each of its bases."""
        file = self.project.root.parent / "loaded" / "pyproject.toml"
        file.parent.mkdir(exist_ok=True)
        file.write_text(text)
        environ = dict.fromkeys(re.findall(r"\$\{(\w+)", text), "sqlite://")
        configuration = load(file=file, environ=environ, cwd=file.parent)
        for base in configuration.select(all_bases=True):
            assert base.errors == {}

    def container(self, text: str) -> None:
        """Do what a Dockerfile sets and what its container starts, but not its installation."""
        for instruction, rest in re.findall(r"^([A-Z]+) (.+)$", text, re.MULTILINE):
            if instruction == "ENV":
                name, _, value = rest.partition("=")
                self.env[name] = value
            elif instruction == "CMD":
                self.succeed(shlex.join(json.loads(rest)))
            else:
                assert instruction in {"FROM", "WORKDIR", "COPY", "RUN"}


def squeezed(text: str) -> str:
    """Return a text with columns two spaces apart, since paths have lengths, and no durations."""
    text = re.sub(r'(?<="seconds": )[\d.e-]+', "0", text)
    text = re.sub(r"\b\d+\.\d{3} s\b", "0 s", text)
    lines = (line.rstrip() for line in text.strip("\n").splitlines())
    return "\n".join(re.sub(r"(?<=\S) {2,}", "  ", line) for line in lines)


# Alembic 1.16.0 alone does not find Flask-Migrate's templates, which are there to begin with.
NO_FLASK = pytest.mark.skipif(alembic.__version__ == "1.16.0", reason="no flask db init")


@pytest.mark.parametrize(
    "section",
    [pytest.param(name, marks=NO_FLASK if "Flask" in name else ()) for name in RUN],
)
def test_a_section_does_what_it_says(section, tmp_path):
    reader = Reader(tmp_path)
    for block in RUN[section]:
        reader.follow(block)


def test_what_is_generated_is_what_the_code_says():
    assert documentation.renewed(README) == README, "python -m tests.documentation writes it anew"


def test_every_example_of_the_command_reference_is_accepted(tmp_path):
    examples = re.findall(
        r"^```sh\n(.+?)\n```$", documentation.parts()["commands"], re.MULTILINE | re.DOTALL
    )
    assert len(examples) == len(
        re.findall("^### `", documentation.parts()["commands"], re.MULTILINE)
    )
    reader = Reader(tmp_path)
    # Help is shown once the words before it have been understood.
    only_parse = 'alembic-db() { command alembic-db "$@" --help >/dev/null; }'
    done = reader.shell([only_parse, *examples])
    assert [status for _, status in done] == [0] * (len(examples) + 1)


def test_every_link_to_a_section_or_a_file_leads_somewhere():
    text = documentation.written_by_hand(README)
    anchors = {f"#{re.sub('[^a-z0-9 -]', '', each.lower()).replace(' ', '-')}" for each in SECTIONS}
    links = {link for link in re.findall(r"\]\(([^)]+)\)", text) if not link.startswith("https:")}
    assert {link for link in links if link.startswith("#")} - anchors == set()
    assert [link for link in links if link[0] != "#" and not (ROOT / link).exists()] == []


def test_every_section_is_in_the_contents():
    contents = README.partition("## ")[0]
    assert re.findall(r"\[([^]]+)\]\(#", contents) == list(SECTIONS)


def fresh_machine_commands() -> list[str]:
    return [block.text.rstrip("\n") for block in SECTIONS[FRESH_MACHINE]]


def test_ci_runs_the_test_command_of_the_readme():
    assert fresh_machine_commands()[1] in (ROOT / ".ci" / "run").read_text().splitlines()


@pytest.mark.slow
def test_the_example_runs_on_a_fresh_machine_and_again(tmp_path):
    kept = shutil.ignore_patterns(".*", "*.db", "__pycache__", "tests")
    shutil.copytree(ROOT, tmp_path / "clone", ignore=kept)
    inherited = {name: os.environ[name] for name in os.environ if name.startswith("PIP_")}
    inherited["PIP_CONSTRAINT"] = str(ROOT / "tests" / "constraints" / "newest.txt")
    # What is imported is compiled then, once; not all that is installed.
    inherited |= {"PIP_NO_COMPILE": "1", "PYTHONDONTWRITEBYTECODE": None}
    for app, reporting in (
        (
            "app: upgraded to e90a46d8f37c (head), 4 revisions",
            "reporting: upgraded to 6ac2f8e07b94 (head), 2 revisions",
        ),
        (
            "app: already at e90a46d8f37c (head)",
            "reporting: already at 6ac2f8e07b94 (head)",
        ),
    ):
        done = subprocess.run(
            ["bash", "-c", fresh_machine_commands()[0]],
            cwd=tmp_path / "clone",
            env=projects.environment(tmp_path, inherited),
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
        if "No matching distribution" in done.stderr and not os.environ.get("CI"):
            pytest.skip("pip reaches no package index")
        assert done.returncode == 0, done.stdout + done.stderr
        assert done.stdout.splitlines()[-2:] == [app, reporting]
