"""The file of sums itself: its lines, read and written."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from alembic_migrate.errors import HistoryError
from alembic_migrate.history.contents import revision_files
from alembic_migrate.patterns import pattern
from alembic_migrate.replacing import replace_file

if TYPE_CHECKING:
    from collections.abc import Sequence

FILE_NAME = "alembic-db.sum"
UNKNOWN = "-"  # the id of a file that does not say it as a literal

_FORMAT = "1"
_HEAD = pattern(r"head(?: \S+)*")
_LINE = pattern(r"(?P<format>\d+) (?P<sum>[0-9a-f]{64}) (?P<revision>\S+) (?P<path>\S.*)")
_CONFLICT = pattern(r"(<<<<<<<|\|\|\|\|\|\|\||=======|>>>>>>>)( .*)?")
_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Versions:
    """Where the revision files of a base are.

    Attributes:
        folder: the migrations folder, in which the file of sums is.
        locations: the folders of the revision files.
        recursive: revision files may be in folders below those.
        mend: the command that writes the sums anew.
    """

    folder: Path
    locations: tuple[Path, ...]
    recursive: bool
    mend: str

    @property
    def file(self) -> Path:
        """Return the file of sums."""
        return self.folder / FILE_NAME

    def paths(self) -> dict[str, Path]:
        """Return the revision files by the path that a line has for them."""
        found = revision_files(self.locations, recursive=self.recursive)
        return {self.written(path): path for path in found}

    def written(self, path: Path) -> str:
        """Return a path as a line has it: relative to the folder, with slashes."""
        try:
            relative = os.path.relpath(path.resolve(), self.folder.resolve())
        except ValueError:  # another drive
            return path.resolve().as_posix()
        return Path(relative).as_posix()


@dataclass(frozen=True, slots=True)
class Sum:
    """One line: a revision file as it was when it was summed.

    Attributes:
        path: the file, relative to the migrations folder, with slashes.
        revision: its id.
        sum: the SHA-256 of its normalised text, in hexadecimal digits.
    """

    path: str
    revision: str
    sum: str


@dataclass(frozen=True, slots=True)
class Sums:
    """A whole file of sums.

    Attributes:
        heads: the revisions that nothing follows, sorted.
        sums: its lines.
        conflict: the line of a merge conflict's first mark, counted from 1, or None. The lines of
            both sides are in ``sums`` then, and a path may be there twice.
    """

    heads: tuple[str, ...]
    sums: tuple[Sum, ...]
    conflict: int | None = None


def text_sum(content: bytes) -> str:
    """Return the SHA-256 of a file's normalised text, in hexadecimal digits.

    Line ends are those of Unix; a byte order mark and what is blank at the end do not count.
    """
    text = content.removeprefix(_BOM).replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    return hashlib.sha256(text.rstrip() + b"\n").hexdigest()


def read(versions: Versions) -> Sums | None:
    """Return what the file of sums says; None where there is none.

    Raises:
        HistoryError: it cannot be read, or a line of it is none.
    """
    try:
        content = versions.file.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise HistoryError(
            f"{versions.file} cannot be read: {error.strerror}", hint="check its rights"
        ) from None
    return _parsed(versions, os.fsdecode(content).replace("\r\n", "\n").split("\n"))


def write(versions: Versions, sums: Sums) -> None:
    """Write the file of sums, whole or not at all.

    Raises:
        HistoryError: it cannot be written; it is as it was.
    """
    lines = [" ".join(["head", *sums.heads])]
    lines += [f"{_FORMAT} {line.sum} {line.revision} {line.path}" for line in sums.sums]
    try:
        replace_file(versions.file, os.fsencode("\n".join(lines) + "\n"))
    except OSError as error:
        raise HistoryError(
            f"{versions.file} cannot be written: {error.strerror or error}",
            hint="nothing was written; check the folder's rights and the space on its disk",
        ) from error


def _parsed(versions: Versions, lines: Sequence[str]) -> Sums:
    conflict = None
    heads: list[str] = []
    sums: list[Sum] = []
    seen: set[str] = set()
    for number, line in enumerate(lines, 1):
        match = _LINE.fullmatch(line)
        if match is not None and match["format"] == _FORMAT:
            if match["path"] in seen and conflict is None:
                raise _twice(versions, number, match["path"])
            seen.add(match["path"])
            sums.append(Sum(match["path"], match["revision"], match["sum"]))
        elif _CONFLICT.fullmatch(line):
            conflict = conflict or number
        elif _HEAD.fullmatch(line) and (number == 1 or conflict is not None):
            heads += line.split()[1:]
        elif line or number < len(lines) or number == 1:
            raise _unreadable(versions, number, match["format"] if match else None)
    return Sums(tuple(heads), tuple(dict.fromkeys(sums)), conflict)


def _twice(versions: Versions, number: int, name: str) -> HistoryError:
    return HistoryError(
        f"{versions.file}:{number} names {name} for the second time",
        hint=f"put it back from git, or write it anew: {versions.mend}",
    )


def _unreadable(versions: Versions, number: int, form: str | None) -> HistoryError:
    at = f"{versions.file}:{number}"
    if form is not None:
        return HistoryError(
            f"{at} has format {form}, and this version of alembic-migrate knows format {_FORMAT}",
            hint="another version wrote it: pip install --upgrade alembic-migrate",
        )
    expected = "the word head and the heads" if number == 1 else "format, sum, revision and file"
    return HistoryError(
        f"{at} is not what stands there: {expected}",
        hint=f"put it back from git, or write it anew: {versions.mend}",
    )
