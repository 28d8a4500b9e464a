"""The file of sums follows what is written, and is compared with what is there."""

from __future__ import annotations

import re
from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING

from alembic_migrate.errors import HistoryError
from alembic_migrate.history.contents import read_header
from alembic_migrate.integrity.sums import UNKNOWN, Sum, Sums, Versions, read, text_sum, write
from alembic_migrate.results import Finding

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from alembic_migrate.history.contents import Header

_MESSAGES = {
    "edited-revision": "was edited after it was written",
    "removed-revision": "is gone",
    "untracked-revision": "is not in alembic-db.sum",
}


def check(versions: Versions, *, heads: bool = True) -> tuple[Finding, ...]:
    """Return where the revision files are not those that were summed.

    Args:
        versions: where the files are.
        heads: compare the heads too, for which every file has to be parsed.

    Returns:
        findings whose codes are ``sum-missing``, ``sum-conflict``, ``sum-unreadable``,
        ``edited-revision``, ``removed-revision``, ``untracked-revision`` and ``sum-head``.
    """
    file = versions.file
    try:
        kept = read(versions)
    except HistoryError as error:
        return (Finding("sum-unreadable", error.message, error.hint, {"file": str(file)}),)
    if kept is None:
        message = f"{file} is missing, and sum = true asks for it"
        hint = f"put it back from git, or write it anew: {versions.mend}"
        return (Finding("sum-missing", message, hint, {"file": str(file)}),)
    if kept.conflict is not None:
        return (_conflict(versions, kept.conflict),)
    found = tuple(_compared(versions, kept))
    return found or (tuple(_heads_differ(versions, kept)) if heads else ())


def note(versions: Versions, written: Iterable[Path], removed: Iterable[Path] = ()) -> None:
    """Let the file of sums follow what was done to revision files; it is made where it is missing.

    The lines of other files stay as they are: what was edited by hand stays a finding. A merge
    conflict in the file is resolved: the lines of both sides stay.

    Args:
        versions: where the files are.
        written: files that are new or were written anew.
        removed: files that were taken away.

    Raises:
        HistoryError: the file of sums cannot be read or written; it is as it was.
    """
    kept = read(versions)
    if kept is None:
        write_anew(versions)
        return
    present = versions.paths()
    order, heads = _order(present)
    changed = {versions.written(path) for path in written} & order.keys()
    gone = {versions.written(path) for path in removed}
    lines = {line.path: line for line in _one_a_path(kept.sums, present) if line.path not in gone}
    lines |= {name: _summed(name, present[name], order[name]) for name in order if name in changed}
    write(versions, Sums(heads, tuple(lines.values())))


def write_anew(versions: Versions) -> int:
    """Write the file of sums from the files as they are now, and return their number.

    Raises:
        HistoryError: a file cannot be read, or the file of sums not written; it is as it was.
    """
    present = versions.paths()
    order, heads = _order(present)
    lines = (_summed(name, present[name], header) for name, header in order.items())
    write(versions, Sums(heads, tuple(lines)))
    return len(order)


def _one_a_path(sums: Iterable[Sum], present: dict[str, Path]) -> Iterator[Sum]:
    """Yield one line a path: of several (the sides of a conflict) the one that is true."""
    by_path: dict[str, list[Sum]] = {}
    for line in sums:
        by_path.setdefault(line.path, []).append(line)
    for name, lines in by_path.items():
        now = _sum_of(present[name]) if len(lines) > 1 and name in present else None
        yield next((line for line in lines if line.sum == now), lines[0])


def _compared(versions: Versions, kept: Sums) -> Iterator[Finding]:
    present = versions.paths()
    for line in kept.sums:
        if line.path not in present:
            yield _finding(versions, "removed-revision", line.revision, line.path)
        elif _sum_of(present[line.path]) != line.sum:
            yield _finding(versions, "edited-revision", line.revision, line.path)
    for name in sorted(present.keys() - {line.path for line in kept.sums}):
        header = read_header(present[name])
        yield _finding(versions, "untracked-revision", _id_of(header), name)


def _heads_differ(versions: Versions, kept: Sums) -> Iterator[Finding]:
    _, heads = _order(versions.paths())
    if heads != tuple(sorted(kept.heads)):
        said, now = (" ".join(each) or "none" for each in (kept.heads, heads))
        yield Finding(
            "sum-head",
            f"{versions.file}:1 says that the head is {said}; it is {now}",
            f"write it anew: {versions.mend}",
            {"file": str(versions.file), "said": list(kept.heads), "heads": list(heads)},
        )


def _finding(versions: Versions, code: str, revision: str, name: str) -> Finding:
    path = versions.folder / name
    of = "" if revision == UNKNOWN else f"revision {revision}: "
    meant = f"if it is meant: {versions.mend}"
    if code != "untracked-revision":
        meant = f"put it back: git checkout -- {path}\nor, {meant}"
    return Finding(
        code,
        f"{of}{path} {_MESSAGES[code]}",
        meant,
        {"revision": None if revision == UNKNOWN else revision, "file": str(path)},
    )


def _conflict(versions: Versions, line: int) -> Finding:
    return Finding(
        "sum-conflict",
        f"{versions.file}:{line} has the marks of a merge conflict: two branches of git changed "
        "the history",
        f"alembic-db heads shows what there is now; then write it anew: {versions.mend}",
        {"file": str(versions.file), "line": line},
    )


def _order(present: dict[str, Path]) -> tuple[dict[str, Header | None], tuple[str, ...]]:
    """Return the files, each after those it follows, with their headers; and the heads.

    Where nothing else decides, names do: every machine writes the same file.
    """
    headers = {name: read_header(path) for name, path in present.items()}
    ids = {_id_of(header): name for name, header in headers.items()}
    parents = {
        name: [ids[down] for down in header.down_revisions if down in ids] if header else []
        for name, header in headers.items()
    }
    followed = {name for above in parents.values() for name in above}
    heads = (each for each, name in ids.items() if name not in followed and each != UNKNOWN)
    return {name: headers[name] for name in _sorted(parents)}, tuple(sorted(heads))


def _sorted(parents: dict[str, list[str]]) -> Iterator[str]:
    sorter = TopologicalSorter(parents)
    try:
        sorter.prepare()
    except CycleError:  # the history's own error, which others tell
        yield from sorted(parents)
        return
    while sorter.is_active():
        ready = sorted(sorter.get_ready())
        yield from ready
        sorter.done(*ready)


def _id_of(header: Header | None) -> str:
    revision = header.revision if header is not None else None
    return revision if revision and not re.search(r"\s", revision) else UNKNOWN


def _summed(name: str, path: Path, header: Header | None) -> Sum:
    found = _sum_of(path)
    if found is None:
        raise HistoryError(f"the revision file {path} cannot be read", hint="check its rights")
    return Sum(name, _id_of(header), found)


def _sum_of(path: Path) -> str | None:
    """Return a file's sum; None where it cannot be read."""
    try:
        return text_sum(path.read_bytes())
    except OSError:
        return None
