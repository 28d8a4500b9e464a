"""The README as data: its parts that are made from the code, its blocks, and how they are run.

``python -m tests.documentation`` writes the generated parts anew.

What stands in the README is run section by section (``## `` headings), each in a folder of its own:

- ``<!-- file: path -->`` before a block makes the block that file;
- ``<!-- run: command -->`` runs a command that readers need not see;
- ``<!-- files of: Section -->`` begins with the files of another section;
- ``console`` blocks hold commands after ``$ `` and what they print. A command that fails is
  followed by ``$ echo $?``. A line ``...`` stands for any lines. Revision ids may differ from those
  of the README, but one id stays one id; durations and the widths of columns may differ too. The
  section's folder is ``/home/you/shelf``.
- ``toml`` blocks are loaded as configuration, ``python`` blocks that are no file are run.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from alembic_migrate import errors

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
RULES = ROOT / "alembic_migrate" / "lint" / "rules" / "README.md"

# The errors whose exit status depends on what happened.
_STATUSES = {errors.BasesFailed: "1 or 6", errors.Interrupted: "130 or 143"}

_GENERATED = re.compile(
    r"(?P<begin><!-- generated: (?P<name>\w+) -->\n).*?(?P<end><!-- end -->)",
    re.DOTALL,
)
_ITEM = re.compile(
    r"^<!-- (?P<hidden>run|files of): (?P<what>.+?) -->$"
    r"|^(?:<!-- file: (?P<file>\S+) -->\n)?```(?P<language>\w*)\n(?P<text>.*?)^```$",
    re.DOTALL | re.MULTILINE,
)


@dataclass(frozen=True)
class Block:
    """A block of the README, or an instruction that is hidden in a comment.

    Attributes:
        line: where it begins, counted from 1.
        language: what stands after the fence; ``run`` or ``files of`` for a hidden instruction.
        text: what is in it.
        file: the path of the file that it is, or None.
    """

    line: int
    language: str
    text: str
    file: str | None = None


def parts() -> dict[str, str]:
    """Return the generated parts by the name in their marker, in the README's order."""
    from alembic_migrate.cli.reference import command_reference
    from alembic_migrate.config.reference import config_table
    from alembic_migrate.lint.reference import rule_table

    return {
        "configuration": config_table(),
        "rules": rule_table(),
        "errors": error_table(),
        "commands": command_reference(),
    }


def error_table() -> str:
    """Return a Markdown table of the errors that the library raises."""
    rows = ["| error | code | exit status | meaning |", "| --- | --- | --- | --- |"]
    for each in _below(errors.AlembicMigrateError):
        status = _STATUSES.get(each, str(each.exit_status))
        meaning = (each.__doc__ or "").splitlines()[0]
        rows.append(f"| `{each.__name__}` | `{each.code}` | {status} | {meaning} |")
    return "\n".join(rows) + "\n"


def _below(kind: type[errors.AlembicMigrateError]) -> Iterator[type[errors.AlembicMigrateError]]:
    for each in kind.__subclasses__():
        if each.__module__ == errors.__name__:
            yield each
            yield from _below(each)


def renewed(text: str) -> str:
    """Return a text with its generated parts made anew."""
    made = parts()
    found = [match["name"] for match in _GENERATED.finditer(text)]
    assert found == list(made), f"the markers of generated parts are {found}"
    return _GENERATED.sub(lambda m: f"{m['begin']}\n{made[m['name']]}\n{m['end']}", text)


def written_by_hand(text: str) -> str:
    """Return a text with its generated parts empty, every line at its place."""
    return _GENERATED.sub(lambda m: "\n" * m[0].count("\n"), text)


def sections(text: str) -> dict[str, list[Block]]:
    """Return the blocks of each section by its heading, without those of generated parts."""
    text = written_by_hand(text)
    fences = [(m.start(), m.end()) for m in _ITEM.finditer(text)]
    headings = [
        match
        for match in re.finditer(r"^## (.+)$", text, re.MULTILINE)
        if not any(start <= match.start() < end for start, end in fences)
    ]
    ends = [*(each.start() for each in headings[1:]), len(text)]
    return {
        heading[1]: list(_blocks(text, heading.end(), end))
        for heading, end in zip(headings, ends, strict=True)
    }


def _blocks(text: str, start: int, end: int) -> Iterator[Block]:
    for match in _ITEM.finditer(text, start, end):
        line = text.count("\n", 0, match.start()) + 1
        if match["hidden"]:
            yield Block(line, match["hidden"], match["what"])
        else:
            yield Block(line, match["language"], match["text"], match["file"])


@dataclass(frozen=True)
class Command:
    """One command of a ``console`` block and what it prints, without the last newline."""

    text: str
    output: str


def commands(block: Block) -> list[Command]:
    """Return the commands of a ``console`` block; a trailing backslash continues one."""
    found: list[Command] = []
    begins = re.split(r"^\$ ", block.text, flags=re.MULTILINE)
    assert not begins[0], f"README.md:{block.line}: a console block begins with a command"
    for each in begins[1:]:
        lines = each.splitlines()
        last = next(n for n, line in enumerate(lines) if not line.endswith("\\"))
        typed, printed = lines[: last + 1], lines[last + 1 :]
        found.append(Command("\n".join(typed), "\n".join(printed).strip("\n")))
    return found


def main() -> None:
    """Write the generated parts of the README anew, and the page of the rules."""
    from alembic_migrate.lint.reference import rules_page

    README.write_text(renewed(README.read_text(encoding="utf-8")), encoding="utf-8")
    RULES.write_text(rules_page(), encoding="utf-8")


if __name__ == "__main__":
    main()
