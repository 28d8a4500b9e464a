"""``${VAR}``, ``${VAR:-default}``, ``${file:PATH}`` and ``$$`` in the strings of the TOML file."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, NoReturn
from urllib.parse import quote

from alembic_migrate.config.files import decode
from alembic_migrate.errors import ConfigError
from alembic_migrate.patterns import pattern

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

LARGEST_SECRET = 64 * 1024  # bytes

_NAME = pattern(r"[A-Za-z_][A-Za-z0-9_]*")
_NAME_FIELD = "{name}"


class Unresolved(Exception):
    """A template that cannot be resolved: what is wrong, and what may be done.

    Args:
        problem: what is wrong; reads on after the key's name.
        hint: a line to paste; ``KEY`` stands for the key.
    """

    def __init__(self, problem: str, hint: str | None = None) -> None:
        super().__init__(problem)
        self.problem = problem
        self.hint = hint


@dataclass(frozen=True, slots=True)
class _Piece:
    """A part of a template: text as it is, or the body of a ``${...}``."""

    text: str
    variable: bool


def _split(template: str) -> Iterator[_Piece]:
    """Yield the pieces of a template. Raises Unresolved for a ``${`` that is not closed."""
    position = plain = 0
    while (dollar := template.find("$", position)) >= 0:
        following = template[dollar + 1 : dollar + 2]
        if following not in ("$", "{"):
            position = dollar + 1
            continue
        yield _Piece(template[plain:dollar], variable=False)
        if following == "$":
            # A piece of its own, so that "$${name}" is a dollar and the base's name.
            yield _Piece("$", variable=False)
            position = plain = dollar + 2
            continue
        end = _closing(template, dollar + 2)
        yield _Piece(template[dollar + 2 : end], variable=True)
        position = plain = end + 1
    yield _Piece(template[plain:], variable=False)


def _closing(template: str, start: int) -> int:
    """Return where the ``}`` is that closes a ``${`` whose body begins at ``start``."""
    depth, position = 1, start
    while position < len(template):
        if template.startswith("$$", position) or template.startswith("${", position):
            depth += template[position + 1] == "{"
            position += 2
            continue
        if template.startswith(_NAME_FIELD, position):
            position += len(_NAME_FIELD)
            continue
        depth -= template[position] == "}"
        if not depth:
            return position
        position += 1
    raise Unresolved("has a ${ that is not closed", "close it with }; a plain $ is written $$")


@dataclass(frozen=True)
class Variables:
    """Where the values of variables come from.

    Attributes:
        environ: the environment; only names that a template has are looked up.
        root: the folder that relative paths are relative to.
        env_file: a dotenv file that fills in for missing names; it may be missing.
    """

    environ: Mapping[str, str] = field(repr=False)
    root: Path
    env_file: Path | None = None
    _files: dict[str, str] = field(default_factory=dict, repr=False, compare=False)

    @cached_property
    def _dotenv(self) -> Mapping[str, str]:
        return read_dotenv(self.env_file) if self.env_file else {}

    def expand(self, template: str, name: str | None = None) -> str:
        """Return a template with its variables replaced; their values are taken literally.

        Args:
            template: the string as it stands in the TOML file.
            name: what ``{name}`` outside of variables becomes; None leaves it as it is.

        Raises:
            Unresolved: a variable or secret file is missing or empty, or ``${`` is not closed.
        """
        return "".join(
            self._value(piece.text, name) if piece.variable else _named(piece.text, name)
            for piece in _split(template)
        )

    def expand_url(self, template: str, name: str | None = None) -> str:
        """Return a URL with its variables replaced.

        As ``expand``, but a value that stands for user or password is percent-encoded, so that
        it may hold ``@``, ``:``, ``/`` or ``%``. A URL that is one whole variable is untouched.

        Raises:
            Unresolved: as ``expand``.
        """
        pieces = list(_split(template))
        in_credentials = _credentials(pieces)
        values = []
        for number, piece in enumerate(pieces):
            if not piece.variable:
                values.append(_named(piece.text, name))
                continue
            value = self._value(piece.text, name)
            quoted = quote(value, safe="", errors="surrogateescape")
            values.append(quoted if number in in_credentials else value)
        return "".join(values)

    def _value(self, body: str, name: str | None) -> str:
        if body.startswith("file:"):
            return self._secret(self.expand(body.removeprefix("file:"), name))
        variable, separator, default = body.partition(":-")
        if not _NAME.fullmatch(variable):
            raise Unresolved(
                f"has ${{{variable}}}, which is not a variable's name",
                "possible are ${NAME}, ${NAME:-default} and ${file:PATH}; a plain $ is written $$",
            )
        value = self.environ.get(variable)
        if value is None:
            value = self._dotenv.get(variable)
        if value:
            return value
        return self.expand(default, name) if separator else self._missing(variable, value)

    def _missing(self, variable: str, value: str | None) -> NoReturn:
        state = "not set" if value is None else "empty"
        dotenv = ""
        if self.env_file and value is None:
            absent = "" if self.env_file.is_file() else ", a file that does not exist"
            dotenv = f", nor in {self.env_file}{absent}"
        raise Unresolved(
            f"needs the variable {variable}, which is {state}{dotenv}",
            f"export {variable}=...\nor give it a default: ${{{variable}:-default}}",
        )

    def _secret(self, path: str) -> str:
        if path not in self._files:
            self._files[path] = _read_secret(self.root / path if path else None)
        return self._files[path]


def _named(text: str, name: str | None) -> str:
    return text if name is None else text.replace(_NAME_FIELD, name)


def _credentials(pieces: list[_Piece]) -> set[int]:
    """Return which pieces stand between ``://`` and the ``@`` that ends user and password."""
    marked = "".join("\0" if piece.variable else piece.text for piece in pieces)
    start = marked.find("://")
    if start < 0:
        return set()
    start += len("://")
    # The path may hold an @ of its own, and so may a password hold a slash.
    authority = re.split(r"[/?]", marked[start:], maxsplit=1)[0]
    rest = authority if "@" in authority else marked[start:].partition("?")[0]
    end = start + rest.rfind("@")
    inside, offset = set(), 0
    for number, piece in enumerate(pieces):
        if piece.variable and start <= offset < end:
            inside.add(number)
        offset += 1 if piece.variable else len(piece.text)
    return inside


def _read_secret(path: Path | None) -> str:
    if path is None:
        raise Unresolved("has ${file:} without a path", "write ${file:/run/secrets/NAME}")
    if path.is_dir():
        raise Unresolved(f"needs the file {path}, which is a folder", "name the file in it")
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST_SECRET + 1)
    except FileNotFoundError:
        raise Unresolved(
            f"needs the file {path}, which does not exist", f"write the value into {path}"
        ) from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise Unresolved(
            f"needs the file {path}, which cannot be read: {reason}", f"chmod u+r {path}"
        ) from None
    if len(content) > LARGEST_SECRET:
        raise Unresolved(
            f"needs the file {path}, which is larger than 64 KiB", "name a file with one value"
        )
    try:
        text = content.decode()
    except UnicodeDecodeError:
        raise Unresolved(
            f"needs the file {path}, which is not UTF-8", "name a text file with one value"
        ) from None
    text = text.removesuffix("\n").removesuffix("\r")
    if not text:
        raise Unresolved(f"needs the file {path}, which is empty", f"write the value into {path}")
    return text


# --- dotenv ----------------------------------------------------------------------------------

_SETTING = pattern(r"(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(.*)")
_DOUBLE = pattern(r'"((?:\\.|[^"\\])*)"\s*(?:#.*)?')
_SINGLE = pattern(r"'([^']*)'\s*(?:#.*)?")
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t"}


def read_dotenv(path: Path) -> dict[str, str]:
    r"""Return the variables of a dotenv file; a file that does not exist has none.

    Lines are ``KEY=VALUE``, with ``export`` in front or not; ``#`` begins a comment, in a value
    after a blank. In double quotes ``\n``, ``\r``, ``\t`` and ``\x`` for any other x are read
    as usual; in single quotes nothing is. Values are never expanded.

    Raises:
        ConfigError: the file cannot be read, or a line is none of these (it is not shown).
    """
    try:
        text = decode(path, path.read_bytes())
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise ConfigError(
            f"{path} cannot be read: {error.strerror}", hint="env_file names a dotenv file"
        ) from error
    values = {}
    for number, line in enumerate(text.removeprefix("\ufeff").splitlines(), 1):
        stripped = line.strip()
        if not stripped or stripped.startswith("#"):
            continue
        setting = _SETTING.fullmatch(stripped)
        value = _dotenv_value(setting[2]) if setting else None
        if setting is None or value is None:
            raise ConfigError(
                f"{path}:{number}: this is not a line of a dotenv file",
                hint='a line looks like this: NAME=value, or NAME="value with a \' in it"',
            )
        values[setting[1]] = value
    return values


def _dotenv_value(text: str) -> str | None:
    readings: tuple[tuple[re.Pattern[str], Callable[[str], str]], ...] = (
        (_DOUBLE, _unescaped),
        (_SINGLE, str),
    )
    for form, reading in readings:
        if match := form.fullmatch(text):
            return reading(match[1])
    if text[:1] in ("'", '"'):
        return None
    return re.split(r"(?:^|\s)#", text, maxsplit=1)[0].strip()


def _unescaped(text: str) -> str:
    return re.sub(r"\\(.)", lambda match: _ESCAPES.get(match[1], match[1]), text)
