"""What errors about settings say: where a key stands, what was found, what was expected."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from alembic_migrate.config.files import line_of
from alembic_migrate.config.keys import BY_NAME, FOREIGN_NAMES, SEVERITIES, TABLE
from alembic_migrate.errors import AlembicMigrateError, ConfigError, UsageError
from alembic_migrate.patterns import pattern

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from alembic_migrate.config.key import Key

_BARE = pattern(r"[A-Za-z0-9_-]+")
_LONGEST = 60


def dotted(parts: Iterable[str]) -> str:
    """Return the parts of a TOML key joined with dots, quoted where TOML needs quotes."""
    return ".".join(part if _BARE.fullmatch(part) else quoted(part) for part in parts)


def quoted(text: str) -> str:
    """Return a text in double quotes, with what does not print escaped."""
    import json  # noqa: PLC0415 - for messages alone

    return printable(json.dumps(text, ensure_ascii=False))


def printable(text: str) -> str:
    """Return a text with what does not print escaped."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a table of settings stands.

    Attributes:
        path: the TOML file; None for settings that were typed (``--set``).
        text: the file's text.
        table: the table's name in its parts.
    """

    path: Path | None = None
    text: str = field(default="", repr=False)
    table: tuple[str, ...] = TABLE

    def line(self, key: str | None = None) -> int | None:
        """Return the line of a key, or of the table's head, where it can be told."""
        return line_of(self.text, self.table, key)

    def where(self, key: str | None = None) -> str:
        """Return ``/path/pyproject.toml:3: tool.alembic-migrate.url`` or ``--set url``."""
        if self.path is None:
            below = self.table[len(TABLE) :]
            return f"--set {dotted(below if key is None else (*below, key))}"
        line = self.line(key)
        at = f"{self.path}:{line}" if line else str(self.path)
        return f"{at}: {dotted(self.table if key is None else (*self.table, key))}"

    def origin(self, key: str, root: Path) -> str:
        """Return ``pyproject.toml:3 [tool.alembic-migrate]`` or ``--set url``."""
        if self.path is None:
            return f"--set {key}"
        line = self.line(key)
        file = shown(self.path, root)
        return f"{file}:{line} [{dotted(self.table)}]" if line else f"{file} [{dotted(self.table)}]"

    def below(self, name: str) -> Place:
        """Return a table inside this one."""
        return Place(self.path, self.text, (*self.table, name))

    def error(self, key: str | None, problem: str, hint: str | None = None) -> AlembicMigrateError:
        """Return the error that says what is wrong with a key of this table."""
        kind = UsageError if self.path is None else ConfigError
        return kind(f"{self.where(key)} {problem}", hint=hint)


def shown(path: Path, root: Path) -> str:
    """Return a path as people read it: relative to the root where it is below."""
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else str(path)


def nearest(word: str, known: Iterable[str]) -> str | None:
    """Return the known word that is most like the given one, or None where none is near."""
    import difflib  # noqa: PLC0415 - for messages alone

    by_lower = {name.lower(): name for name in reversed(list(known))}
    found = difflib.get_close_matches(word.lower(), list(by_lower), n=1, cutoff=0.6)
    return by_lower[found[0]] if found else None


def known_and_nearest(word: str, names: Sequence[str]) -> str:
    """Return ``the bases are: app, reporting; did you mean "app"?``."""
    near = nearest(word, names)
    listed = "the base is" if len(names) == 1 else "the bases are"
    text = f"{listed}: {', '.join(names)}"
    return f'{text}; did you mean "{near}"?' if near else text


def kind_of(value: Any) -> str:
    """Return what TOML calls a value's type, with its article."""
    kinds = (
        (bool, "a boolean"),
        (int, "an integer"),
        (float, "a float"),
        (str, "a string"),
        (list | tuple, "an array"),
        (dict, "a table"),
    )
    return next((text for kind, text in kinds if isinstance(value, kind)), "a date or time")


def found(value: Any, *, secret: bool = False) -> str:
    """Return what was found: the type, and the value where it is short and no secret.

    A string that looks like a URL is not shown: it may be one in the wrong place.
    """
    import json  # noqa: PLC0415 - for messages alone

    if secret or not isinstance(value, str | bool | int | float):
        return kind_of(value)
    text = quoted(value) if isinstance(value, str) else json.dumps(value)
    if isinstance(value, str) and (":/" in value or "@" in value or len(text) > _LONGEST):
        return kind_of(value)
    return f"{kind_of(value)}, {text}"


_EXPECTED = {
    "string": "a string",
    "boolean": "true or false",
    "integer": "a whole number",
    "number": "a number",
    "path": "a path (a string)",
    "paths": "an array of paths (strings)",
    "strings": "an array of strings",
    "hook": 'a string "package.module:function"',
    "boolean or hook": 'true, false or a string "package.module:function"',
    "strings or string": "a string or an array of strings",
    "hooks table": "an array of tables with strings in them",
    "tenants table": "a table",
    "severities table": 'a table of "error", "warning" and "off"',
}


def expected(key: Key) -> str:
    """Return what a key's value has to be, in words."""
    if key.choices:
        return " or ".join(f'"{choice}"' for choice in key.choices)
    text = _EXPECTED[key.type]
    return f"{text} above 0" if key.positive else text


def wrong_value(place: Place, key: Key, value: Any) -> AlembicMigrateError:
    """Return the error for a value that its key cannot take."""
    if value == "" and isinstance(value, str):
        what = "an empty string"
    elif isinstance(value, list) and key.type in ("strings", "paths", "strings or string"):
        odd = next((item for item in value if not isinstance(item, str) or not item), None)
        inside = "an empty string" if odd == "" else found(odd)
        what = f"an array with {inside} in it"
    elif isinstance(value, dict) and key.type == "severities table":
        name, odd = next((name, each) for name, each in value.items() if each not in SEVERITIES)
        what = f"a table in which {name} is {found(odd)}"
    else:
        what = found(value, secret=key.secret)
    line = f"--set '{key.name}={key.example}'" if place.path is None else _line(key)
    return place.error(key.name, f"must be {expected(key)}, but is {what}", line)


def _line(key: Key) -> str:
    return f"{key.name} = {key.example}"


def unknown_key(
    place: Place, name: str, known: Sequence[str], keys: Mapping[str, Key] = BY_NAME
) -> AlembicMigrateError:
    """Return the error for a key that this table does not have, with the nearest that it has."""
    if name in keys:
        problem = f"is a key of [{dotted(TABLE)}] alone, not of a base"
        return place.error(name, problem, f"[{dotted(TABLE)}]\n{_line(BY_NAME[name])}")
    words = {**{name: name for name in known}, **FOREIGN_NAMES}
    words = {word: ours for word, ours in words.items() if ours in known}
    near = nearest(name, words)
    if near is None:
        return place.error(name, "is not a known key", f"known keys: {', '.join(sorted(known))}")
    ours = words[near]
    said = f'the nearest known key is "{ours}"'
    if near != ours:
        said += f" (elsewhere called {near})"
    example = keys[ours].example if ours in keys else ""
    return place.error(name, "is not a known key", said + (f"\n{ours} = {example}" * bool(example)))
