from __future__ import annotations

import pytest

from tests.contract.life import lines, on_files_alone, synchronous

TOO_FAR = """\
leads out of the history: there are not that many revisions
  alembic-db current says where the database is, alembic-db history what there is
"""
# The revisions that a version table with these rows has behind it.
ANCESTORS = {
    (): "",
    ("a",): "a",
    ("b",): "ab",
    ("c",): "abc",
    ("d",): "abd",
    ("c", "d"): "abcd",
    ("e",): "abcde",
}


@synchronous
def test_targets_by_number_by_branch_and_by_id_go_where_alembic_goes(branched):
    life = branched
    for words, now in (
        (("upgrade", "+1"), ["a"]),
        (("upgrade", "a+1"), ["b"]),
        (("downgrade",), ["a"]),
        (("upgrade", "+1"), ["b"]),
        (("upgrade", "left@c"), ["c"]),
        (("downgrade", "left@-1"), ["b"]),
        (("upgrade", "c"), ["c"]),
        (("upgrade", "d"), ["c", "d"]),
        (("downgrade", "left@b"), ["d"]),
        (("upgrade", "right@head"), ["e"]),
        (("downgrade", "b"), ["b"]),
        (("downgrade", "-2"), []),
        (("upgrade", "heads"), ["e"]),
        (("downgrade", "base"), []),
    ):
        life.run(*words, "-b", "app")
        assert life.stamped() == now, words
        made = {f"t_{name}" for name in ANCESTORS[tuple(now)]}
        assert life.schema().keys() - {"alembic_version"} == made, words


@on_files_alone
@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            ("upgrade", "+9"),
            f"base app: +9 {TOO_FAR}",
        ),
        (
            ("upgrade", "e+9"),
            f"base app: e+9 {TOO_FAR}",
        ),
        (
            ("downgrade", "-1"),
            (
                "base app: -1 may be one of several revisions: the history branches on the way\n"
                "  name the revision: alembic-db history lists them\n"
            ),
        ),
        (
            ("upgrade", "middle@head"),
            (
                "base app: there is no revision 'middle' in <root>/migrations/app\n"
                "  alembic-db history lists the revisions\n"
            ),
        ),
        (
            ("upgrade", "zz"),
            (
                "base app: there is no revision 'zz' in <root>/migrations/app\n"
                "  alembic-db history lists the revisions\n"
            ),
        ),
        (
            ("upgrade", ""),
            (
                "base app: the revision is empty\n"
                "  for example: head, base, +1, -1, or the beginning of an id\n"
            ),
        ),
        (
            ("upgrade", "a:b"),
            "the range 'a:b' needs --sql\n  a database knows where it starts itself\n",
        ),
    ],
)
def test_a_target_that_does_not_exist_changes_nothing(branched, words, said):
    life = branched
    life.run("upgrade", "-b", "app")
    before = life.schema()
    assert life.both(*words, "-b", "app", status=2) == f"---\nError: {said}"
    assert life.schema() == before
    assert life.stamped() == ["e"]


def test_stamping_writes_the_version_table_and_nothing_else(branched):
    life = branched
    assert life.both("ensure-version", "--all") == lines("""
        app: the version table is there
        reporting: the version table is there
        ---
        """)
    empty = {"alembic_version": ["version_num"]}
    assert life.schema() == life.schema("reporting") == empty
    for words, said, now in (
        (("c", "d"), "stamped c, d", ["c", "d"]),
        (("c", "d"), "already at c, d", ["c", "d"]),
        (("head",), "stamped e (head)", ["e"]),
        (("--purge", "b"), "stamped b", ["b"]),
        (("base",), "stamped base", []),
        (("a",), "stamped a", ["a"]),
        (("--purge", "base"), "stamped base", []),
    ):
        assert life.out("stamp", "-b", "app", *words) == f"app: {said}\n"
        assert life.stamped() == now
    assert life.schema() == empty

    table = "alembic_version"
    life.project.execute(life.sync["APP_URL"], f"INSERT INTO {table} VALUES ('gone')")
    unknown = (
        "Error: base app: the version table alembic_version names revision gone, which "
        "<root>/migrations/app does not have\n"
        "  is newer code deployed already, is this another branch of git, or is it another base's "
        "database? Bring the file back, or, where the schema is known to match a revision: "
        "alembic-db stamp --base app --purge REVISION\n"
    )
    for words in (("stamp", "a"), ("upgrade",), ("downgrade", "base")):
        assert life.both(*words, "-b", "app", status=1) == f"---\n{unknown}"
    assert life.out("current", "-b", "app") == "app: gone (not in the folder)\n"
    assert life.out("stamp", "-b", "app", "--purge", "e") == "app: stamped e (head)\n"
    assert life.stamped() == ["e"]


def test_scripts_are_what_the_database_would_run(branched):
    life = branched
    assert life.out("upgrade", "--sql", "b:d", "-b", "app", "-q") == life.script(f"""
        -- Running upgrade b -> d

        CREATE TABLE t_d (
            id {life.serial},
            PRIMARY KEY (id)
        );

        UPDATE alembic_version SET version_num='d' WHERE alembic_version.version_num = 'b';
        """)
    assert life.out("downgrade", "--sql", "-b", "reporting", "-q") == life.script("""
        -- Running downgrade r ->

        DROP TABLE t_r;

        DELETE FROM alembic_version WHERE alembic_version.version_num = 'r';
        """)
    assert life.out("stamp", "--sql", "a:b", "-b", "app", "-q") == life.script("""
        -- Running stamp_revision a -> b

        UPDATE alembic_version SET version_num='b' WHERE alembic_version.version_num = 'a';
        """)
    version = life.script("""
        CREATE TABLE alembic_version (
            version_num VARCHAR(32) NOT NULL,
            CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
        );
        """)
    assert life.out("ensure-version", "--sql", "--all") == (
        f"-- base: app\n{version}\n-- base: reporting\n{version}"
    )
    life.run("upgrade", "--sql-dir", "out", "--all")
    assert life.project.files("out") == ["out/app.sql", "out/reporting.sql"]
    assert life.plain(life.project.read("out/app.sql")) == life.out("upgrade", "--sql", "-b", "app")
    assert life.schema() == life.schema("reporting") == {}, "nothing was run"


@synchronous
def test_the_scripts_bring_a_database_where_the_commands_bring_it(branched):
    life = branched
    life.run("upgrade", "--sql-dir", "out", "--all")
    for base in ("app", "reporting"):
        life.execute_script(base, life.project.read(f"out/{base}.sql"))
    assert life.out("current") == "app: e (head) (mergepoint)\nreporting: r (head)\n"
    scripted = life.schema()
    life.run("downgrade", "--all", "base")
    life.run("upgrade", "--all")
    assert life.schema() == scripted
