"""The index saves reading files again, and is never believed further than the files are."""

from __future__ import annotations

import marshal
import os
import subprocess
import sys
import time
import zlib
from pathlib import Path

import pytest

from alembic_migrate.history import index as indexing
from alembic_migrate.history import scanning
from alembic_migrate.history.headers import Header, read
from alembic_migrate.history.load import load

OLD = 1_600_000_000_000_000_000


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache/alembic-migrate/history"


@pytest.fixture
def later(monkeypatch):
    """Let the files that were written just now be old enough to be trusted."""
    real = time.time_ns
    monkeypatch.setattr(time, "time_ns", lambda: real() + 10_000_000_000)


@pytest.fixture
def versions(tmp_path):
    folder = tmp_path / "versions"
    folder.mkdir()
    for number in range(3):
        down = f"r{number - 1}" if number else None
        write(folder, f"r{number}", down)
    return folder


@pytest.fixture
def reads(monkeypatch):
    """The names of the files that were really read."""
    names = []

    def watched(path):
        names.append(Path(path).name)
        return read(path)

    monkeypatch.setattr(scanning, "read", watched)
    return names


def write(folder, revision, down, doc=""):
    path = folder / f"{revision}.py"
    path.write_text(f"'''{doc}'''\nrevision = {revision!r}\ndown_revision = {down!r}\n")
    return path


def the_index(cache):
    (found,) = cache.iterdir()
    return found


def test_a_file_is_read_once(cache, later, versions, reads):
    first = load([str(versions)])
    assert sorted(reads) == ["r0.py", "r1.py", "r2.py"]
    reads.clear()
    second = load([str(versions)])
    assert reads == []
    assert second.headers == first.headers
    assert second.headers[2] == read(str(versions / "r2.py"))


def test_only_what_changed_is_read_again(cache, later, versions, reads):
    load([str(versions)])
    reads.clear()
    write(versions, "r1", "r0", "another text")
    (versions / "r2.py").unlink()
    write(versions, "r3", "r1")
    assert [header.doc for header in load([str(versions)]).headers] == ["", "another text", ""]
    assert reads == ["r1.py", "r3.py"]
    reads.clear()
    assert load([str(versions)]).heads == ("r3",)
    assert reads == []


def test_a_file_that_is_replaced_by_one_of_the_same_size_and_time_is_read_again(
    cache, later, versions, reads
):
    path = versions / "r1.py"
    os.utime(path, ns=(OLD, OLD))
    load([str(versions)])
    reads.clear()
    new = versions.parent / "new.py"
    new.write_text(path.read_text().replace("'r0'", "None"))
    new.write_text(new.read_text() + " " * (path.stat().st_size - new.stat().st_size))
    new.write_text(path.read_text().replace("'r1'", "'q1'"))
    os.utime(new, ns=(OLD, OLD))
    assert new.stat().st_size == path.stat().st_size
    new.replace(path)
    assert "q1" in [header.revision for header in load([str(versions)]).headers]
    assert reads == ["r1.py"]


def test_a_file_that_was_changed_a_moment_ago_is_not_kept(cache, versions, reads):
    os.utime(versions / "r0.py", ns=(OLD, OLD))  # its change cannot be set back
    load([str(versions)])
    reads.clear()
    load([str(versions)])
    assert sorted(reads) == ["r0.py", "r1.py", "r2.py"]


def test_that_a_file_must_be_imported_is_kept_but_not_what_it_says(cache, later, versions, reads):
    (versions / "r2.py").write_text("revision = str('r2')\ndown_revision = 'r1'\n")
    imported = []

    def import_header(path):
        imported.append(path)
        return Header(path, f"now{len(imported)}", ("r1",), (), (), "")

    assert load([str(versions)], import_header=import_header).heads == ("now1",)
    reads.clear()
    assert load([str(versions)], import_header=import_header).heads == ("now2",)
    assert reads == []
    assert load([str(versions)]).heads == ("r1",)


def test_a_broken_file_is_read_each_time_and_rewrites_nothing(cache, later, versions, reads):
    (versions / "r2.py").write_text("def (:\n")
    load([str(versions)])
    before = the_index(cache).stat()
    reads.clear()
    assert [broken.path for broken in load([str(versions)]).broken] == [str(versions / "r2.py")]
    assert reads == ["r2.py"]
    assert the_index(cache).stat() == before


def marshalled(data):
    return indexing._MAGIC + zlib.crc32(data).to_bytes(4, "big") + data


@pytest.mark.parametrize(
    "spoil",
    [
        lambda content: b"",
        lambda content: content[: len(content) // 2],
        lambda content: content[:-1] + bytes([content[-1] ^ 1]),
        lambda content: content.replace(b"history 2", b"history 1"),
        lambda content: b'{"version": 1}',
        lambda content: marshalled(b"\xff\xff\xff"),
        lambda content: marshalled(marshal.dumps(17, 4)),
        lambda content: marshalled(marshal.dumps((("cpython-27", False, ("/x",)), {"a": 1}), 4)),
        lambda content: marshalled(marshal.dumps((None, None), 4)),
    ],
    ids=["empty", "cut", "a bit", "old", "JSON", "no marshal", "a number", "foreign", "nothing"],
)
def test_an_index_that_is_damaged_old_or_foreign_is_ignored_and_made_anew(
    cache, later, versions, reads, spoil
):
    whole = load([str(versions)]).headers
    path = the_index(cache)
    good = path.read_bytes()
    path.write_bytes(spoil(good))
    reads.clear()
    assert load([str(versions)]).headers == whole
    assert sorted(reads) == ["r0.py", "r1.py", "r2.py"]
    assert path.read_bytes() == good


def test_an_index_that_was_deleted_is_made_anew(cache, later, versions, reads):
    whole = load([str(versions)]).headers
    the_index(cache).unlink()
    assert load([str(versions)]).headers == whole
    assert the_index(cache).is_file()


def test_it_is_for_the_user_alone(cache, later, versions):
    load([str(versions)])
    assert cache.stat().st_mode & 0o077 == 0


@pytest.mark.skipif(os.name == "nt", reason="Windows has no owners of this kind")
def test_an_index_that_another_user_wrote_is_ignored(cache, later, versions, reads, monkeypatch):
    load([str(versions)])
    reads.clear()
    monkeypatch.setattr(os, "getuid", lambda: 54321)
    load([str(versions)])
    assert sorted(reads) == ["r0.py", "r1.py", "r2.py"]


def test_a_cache_folder_that_cannot_be_written_is_no_error(tmp_path, later, versions, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert load([str(versions)]).heads == ("r2",)
    assert (tmp_path / "file").read_text() == ""


def test_no_home_is_no_error(later, versions, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", "relative/paths/do/not/count")
    monkeypatch.setattr(os.path, "expanduser", lambda path: path)
    assert load([str(versions)]).heads == ("r2",)


@pytest.mark.parametrize(
    ("platform", "folder"), [("linux", ".cache"), ("darwin", "Library/Caches")]
)
def test_it_is_below_the_home_folder_where_nothing_says_where(
    tmp_path, later, versions, monkeypatch, platform, folder
):
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setattr(sys, "platform", platform)
    load([str(versions)])
    assert the_index(tmp_path / "home" / folder / "alembic-migrate/history").is_file()


def test_nothing_is_written_where_it_is_off(cache, later, versions):
    load([str(versions)], indexed=False)
    assert not cache.exists()


def test_each_set_of_folders_has_an_index_of_its_own(cache, later, versions, tmp_path):
    (tmp_path / "more").mkdir()
    load([str(versions)])
    load([str(versions)], recursive=True)
    load([str(versions), str(tmp_path / "more")])
    assert len(list(cache.iterdir())) == 3


WRITER = """
import sys, time
from alembic_migrate.history.load import load
real = time.time_ns
time.time_ns = lambda: real() + 10_000_000_000
for number in range(150):
    with open(f"{sys.argv[1]}/{sys.argv[2]}.py", "w") as file:
        file.write(f"revision = 'x{sys.argv[2]}'\\ndown_revision = 'r2'  # {number}\\n")
    assert len(load([sys.argv[1]]).headers) >= 4, number
"""


def test_many_writers_at_once_leave_an_index_that_is_right(cache, later, versions, reads):
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, str(versions), name], stderr=subprocess.PIPE
        )
        for name in "abc"
    ]
    for writer in writers:
        assert (writer.communicate()[1], writer.returncode) == (b"", 0)
    assert the_index(cache).name.count(".") == 0  # no draft is left
    found = load([str(versions)])
    assert found.headers == load([str(versions)], indexed=False).headers
    assert found.heads == ("xa", "xb", "xc")
