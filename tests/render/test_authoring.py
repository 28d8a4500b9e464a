from __future__ import annotations

from pathlib import Path

from alembic_migrate.render import authoring
from alembic_migrate.results import Change, Initialised, Template, Written

from .records import a_revision

CHANGES = (Change("add_table", "add table book"), Change("add_column", "add column book.year"))


def test_what_was_detected_left_alone_and_written_is_told_line_by_line(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "migrations" / "versions" / "b.py"
    made = Written("app", (a_revision(path=path),), CHANGES, ("spatial_ref_sys", "x.y"))
    assert authoring.written([made], named=True) == (
        "app: detected: add table book\n"
        "app: detected: add column book.year\n"
        "app: left alone, because no revision of this history made them: spatial_ref_sys, x.y"
        " (drop_unowned = true drops such tables)\n"
        "app: wrote migrations/versions/b.py"
    )
    assert authoring.written([Written("app", (a_revision(path=path),))], named=False) == (
        "Wrote migrations/versions/b.py"
    )


def test_nothing_to_do_is_told_with_its_reason():
    nothing = Written("app", (), reason="no changes detected")
    assert authoring.written([nothing, Written("x", ())], named=True) == (
        "app: nothing to do: no changes detected\nx: nothing to do"
    )
    merge = Written("app", (), reason="nothing to merge: there is one head")
    assert authoring.written([merge], named=True) == "app: nothing to merge: there is one head"
    assert authoring.written([nothing], named=False) == "Nothing to do: no changes detected"
    assert authoring.summary(nothing) == "nothing to do: no changes detected"


def test_init_tells_the_files_and_what_is_next():
    made = Initialised("default", Path("m"), (Path("m/env.py"),), Path("pyproject.toml"))
    assert authoring.initialised([made], named=False) == (
        "Wrote m/env.py\n"
        "Added [tool.alembic-migrate] to pyproject.toml\n"
        "Next:\n"
        '  alembic-db migrate -m "first tables"   (writes a revision; read it)\n'
        "  alembic-db upgrade   (applies it)"
    )


def test_init_of_several_bases_names_them_and_one_file_once():
    made = [
        Initialised("a", Path("m/a"), (Path("m/a/env.py"),), Path("p.toml")),
        Initialised("b", Path("m/b"), (Path("m/b/env.py"),), Path("p.toml")),
        Initialised("c", Path("m/c"), ()),
    ]
    assert authoring.initialised(made, named=True) == (
        "a: wrote m/a/env.py\n"
        "b: wrote m/b/env.py\n"
        "c: nothing to do: m/c is there already\n"
        "Added [tool.alembic-migrate] to p.toml\n"
        "Next:\n"
        '  alembic-db migrate --all -m "first tables"   (writes a revision; read it)\n'
        "  alembic-db upgrade --all   (applies it)"
    )
    assert authoring.initialised(made[:1], named=True).endswith(
        "  alembic-db upgrade --base a   (applies it)"
    )
    assert authoring.initialised(made[2:], named=True) == ("c: nothing to do: m/c is there already")


def test_templates_are_listed_by_name():
    found = [Template("async", "With an async engine."), Template("generic", "One database.")]
    assert authoring.templates(found) == ("async - With an async engine.\ngeneric - One database.")
