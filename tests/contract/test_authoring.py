from __future__ import annotations

from tests.contract.life import NOT_COMPARED, lines, on_files_alone


@on_files_alone
def test_a_fork_is_made_told_and_merged(life):
    life.run("init", "--all")
    for words in (
        ("-m", "one", "--rev-id", "a"),
        ("-m", "left side", "--rev-id", "b", "--branch-label", "left"),
        ("-m", "right side", "--rev-id", "c", "--head", "a", "--splice"),
    ):
        life.run("revision", "-b", "app", *words)
    assert life.both("upgrade", "-b", "app", status=1) == lines("""
        ---
        Error: base app has 2 heads:
          b  <root>/migrations/app/versions/b_left_side.py
          c  <root>/migrations/app/versions/c_right_side.py
          join them: alembic-db merge --base app -m "merge heads"
          or name one, or all of them: alembic-db upgrade --base app heads
        """)
    assert life.stamped() == []
    assert life.out("check", "-b", "app", status=4) == lines("""
        app: the history has 2 heads: b, c
          alembic-db merge --base app -m "merge heads"
        app: revision a is not in the database: one
        app: revision c is not in the database: right side
        app: revision b is not in the database: left side
          alembic-db upgrade --base app
        app: NOT COMPARED
        """).replace("NOT COMPARED", NOT_COMPARED)
    assert life.out("merge", "-b", "app", "-m", "both", "--rev-id", "d") == (
        "app: wrote migrations/app/versions/d_both.py\n"
    )
    assert life.out("merge", "-b", "app") == "app: nothing to merge: there is one head\n"
    assert life.out("upgrade", "-b", "app") == "app: upgraded to d (head), 4 revisions\n"
    assert life.out("history", "-b", "app") == lines("""
        b, c -> d (left) (head) (mergepoint), both
        a -> b (left), left side
        a -> c, right side
        <base> -> a (branchpoint), one
        """)


@on_files_alone
def test_edit_opens_what_is_named_in_the_editor_with_its_arguments(branched):
    life = branched
    life.run("upgrade", "b", "-b", "app")
    editor = {"EDITOR": "echo opened --wait"}
    for word, file in ((), "e"), (("a",), "a"), (("current",), "b"), (("heads",), "e"):
        assert life.both("edit", "-b", "app", *word, **editor) == (
            f"opened --wait <root>/migrations/app/versions/{file}.py\n---\n"
        )
