"""The headers of a history's files, each read once and then taken from the index.

Nothing heavier than a header is imported here: a shell's completion needs no more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from alembic_migrate.history.files import listed
from alembic_migrate.history.headers import Broken, Header, read
from alembic_migrate.history.index import Index

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from alembic_migrate.history.index import Entries

    ImportHeader = Callable[[str], Header | Broken]


def scan(
    folders: Sequence[str],
    *,
    recursive: bool = False,
    import_header: ImportHeader | None = None,
    indexed: bool = True,
) -> tuple[list[Header], list[Broken]]:
    """Return what each file of some versions folders says, and the files that cannot be loaded.

    Args:
        folders: the versions folders, absolute.
        recursive: whether folders below them count.
        import_header: says what a file whose header is no literal says; without it such files are
            left out.
        indexed: what the files say is kept in the user's cache folder, and taken from there.

    Returns:
        the headers in the order in which Alembic loads the files, with those of broken files that
        can be read all the same; and the broken files.

    Raises:
        Unclear: ``import_header`` says so of a file.
    """
    index = Index(folders, recursive=recursive) if indexed else None
    known = index.read() if index is not None else {}
    entries: Entries = {}
    headers: list[Header] = []
    broken: list[Broken] = []
    for path, state in listed(folders, recursive=recursive).items():
        entry = known.get(path)
        found: Header | Broken | None
        if entry is not None and entry[0] == state:
            entries[path], said = entry, entry[1]
            found = Header(path, *said) if said is not None else None
        else:
            found = read(path)
            if not isinstance(found, Broken):
                entries[path] = (state, found[1:] if found is not None else None)
        if found is None and import_header is not None:
            found = import_header(path)
        if isinstance(found, Broken):
            broken.append(found)
            found = found.header
        if found is not None:
            headers.append(found)
    if index is not None:
        index.write(entries)
    return headers, broken
