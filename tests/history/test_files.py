"""Which files are revisions, and in which order: as Alembic has it."""

from __future__ import annotations

import os

import pytest
from alembic.script import ScriptDirectory

from alembic_migrate.history.files import listed
from tests.history.agreeing import assert_agreement


def text(revision, down=None):
    return f"revision = {revision!r}\ndown_revision = {down!r}\n"


@pytest.fixture
def tree(tmp_path):
    """Folders with revisions, and with all that lies beside revisions."""
    names = {
        "one/b.py": text("b", "a"),
        "one/a.py": text("a"),
        "one/.hidden.py": text("hidden"),
        "one/.#a.py": "an editor's lock\n",
        "one/a.py~": "a copy\n",
        "one/a.py.orig": "a copy\n",
        "one/#a.py#": "a copy\n",
        "one/a.pyc": "no source\n",
        "one/A.PY": "no Python by its name\n",
        "one/__init__.py": "",
        "one/__init__more.py": "",
        "one/README": "",
        "one/__pycache__/c.py": text("c"),
        "one/z/c.py": text("z1", "a"),
        "one/z/b.py": text("z2", "a"),
        "one/z/deep/a.py": text("z3", "a"),
        "one/k/c.py": text("k1", "a"),
        "one/k/__pycache__/inside/d.py": text("k2", "a"),
        "two/e.py": text("e", "a"),
        "elsewhere/f.py": text("f", "a"),
        "elsewhere/folder/g.py": text("g", "a"),
    }
    for name, content in names.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    (tmp_path / "one/folder.py").mkdir()
    (tmp_path / "one/folder.py/h.py").write_text(text("h", "a"))
    return tmp_path


def link(tree, name, target):
    path = tree / name
    try:
        path.symlink_to(target)
    except OSError:
        pytest.skip("no symbolic links here")


@pytest.mark.parametrize("recursive", [False, True])
def test_the_files_are_those_of_alembic_in_its_order(tree, recursive):
    folders = [tree / "one", tree / "nothing", tree / "two"]
    history = assert_agreement(tree, folders, recursive=recursive, indexed=False)
    names = ["hidden", "a", "b"]
    below = ["h", "k1", "k2", "z2", "z1", "z3"] if recursive else []
    assert list(history.graph.nodes) == [*names, *below, "e"]


@pytest.mark.parametrize("recursive", [False, True])
def test_links_are_followed_as_alembic_does_it(tree, recursive):
    link(tree, "one/linked.py", tree / "elsewhere/f.py")
    link(tree, "one/named_otherwise", tree / "elsewhere/f.py")
    link(tree, "one/a_again.py", tree / "one/a.py")
    link(tree, "one/.#b.py", "user@host.17")
    link(tree, "one/linked_folder", tree / "elsewhere/folder")
    link(tree, "three", tree / "two")
    scripts = ScriptDirectory(
        str(tree),
        version_locations=[str(tree / "one"), str(tree / "three"), str(tree / "two")],
        recursive_version_locations=recursive,
    )
    with pytest.warns(UserWarning, match="loaded twice"):
        scripts.get_heads()
    walked = [script.path for script in scripts.walk_revisions()]
    found = listed([str(tree / each) for each in ("one", "three", "two")], recursive=recursive)
    assert sorted(found) == sorted(walked)
    assert str(tree / "elsewhere/f.py") in found


def test_a_folder_that_is_a_file_or_not_there_has_no_revisions(tree):
    assert listed([str(tree / "one/a.py"), str(tree / "nowhere")], recursive=True) == {}


def test_a_link_to_nothing_is_a_file_without_a_state(tree):
    link(tree, "two/gone.py", tree / "gone.py")
    assert listed([str(tree / "two")], recursive=False)[str(tree / "gone.py")] is None


def test_the_state_of_a_file_changes_with_it(tree):
    path = tree / "two/e.py"
    before = listed([str(tree / "two")], recursive=False)[str(path)]
    found = path.stat()
    assert before == (found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino)
    path.write_text(f"{path.read_text()}# more\n")
    os.utime(path, ns=(found.st_atime_ns, found.st_mtime_ns))
    after = listed([str(tree / "two")], recursive=False)[str(path)]
    assert (after[0] > before[0], after[1] == before[1], after[2] > before[2]) == (True, True, True)
