from __future__ import annotations

from tests.contract.life import lines, on_files_alone

# What Alembic's long form says of three of the revisions.
B = """\
Rev: b (branchpoint)
Parent: a
Branches into: c, d
Path: <root>/migrations/app/versions/b.py

    make t_b

"""
E = """\
Rev: e (head) (mergepoint)
Merges: c, d
Branch names: left, right
Path: <root>/migrations/app/versions/e.py

    make t_e

"""
R = """\
Rev: r (head)
Parent: <base>
Path: <root>/migrations/reporting/versions/r.py

    make t_r

"""


@on_files_alone
def test_a_history_that_forks_and_joins_is_listed_as_alembic_lists_it(branched):
    life = branched
    assert life.out("heads") == "[app]\ne (left, right) (head)\n\n[reporting]\nr (head)\n"
    assert life.out("branches", "-b", "app") == lines("""
        b (branchpoint)
          -> c (left)
          -> d (right)

        """)
    assert life.out("branches", "-v", "-b", "app") == (
        f"{B}  -> c (left), make t_c\n  -> d (right), make t_d\n\n"
    )
    assert life.out("show", "-b", "app") == E
    assert life.out("show", "left@head", "-b", "app") == E
    assert life.out("show", "b", "-b", "app") == B
    assert life.out("show") == f"[app]\n{E}[reporting]\n{R}".rstrip("\n") + "\n"
    assert life.out("heads", "-v", "-b", "app") == E
    assert life.out("history", "-b", "app", "-r", "a:c") == lines("""
        b -> c (left), make t_c
        a -> b (branchpoint), make t_b
        <base> -> a, make t_a
        """)


def test_current_history_and_status_tell_where_the_databases_are(branched):
    life = branched
    assert life.out("upgrade", "b", "-b", "app") == "app: upgraded to b, 2 revisions\n"
    assert life.out("history", "-i") == lines("""
        [app]
        c, d -> e (left, right) (head) (mergepoint), make t_e
        b -> c (left), make t_c
        b -> d (right), make t_d
        a -> b (current) (branchpoint), make t_b
        <base> -> a, make t_a

        [reporting]
        <base> -> r (head), make t_r
        """)
    marked = B.replace("(branchpoint)", "(branchpoint) (current)")
    assert life.out("history", "-b", "app", "-v", "-i", "-r", "b:current") == marked
    assert life.out("history", "-b", "app", "-r", "current:c") == lines("""
        b -> c (left), make t_c
        a -> b (branchpoint), make t_b
        """)
    assert life.out("current") == "app: b (branchpoint)\nreporting: (none)\n"
    assert life.out("current", "-v") == (
        f"[app]\nCurrent revision(s) for <app>:\n{B}[reporting]\n"
        "Current revision(s) for <reporting>:\n"
    )
    assert life.both("current", "--check-heads", status=4) == lines("""
        app: b (branchpoint)
        reporting: (none)
        ---
        Not on all head revisions: app, reporting
        """)
    assert life.out("show", "current", "-b", "app") == B
    assert life.table("status", "--exit-code", "-v", status=4) == lines("""
        base | database | current | head | pending | state
        app | <app> | b | e | 3 | behind
        reporting | <reporting> | - | r | 1 | empty

        app: pending b -> d, make t_d
        app: pending b -> c, make t_c
        app: pending c, d -> e (head) (mergepoint), make t_e
        reporting: pending <base> -> r (head), make t_r
        """)
    life.run("upgrade", "--all")
    assert life.table("status", "--exit-code") == lines("""
        base | database | current | head | pending | state
        app | <app> | e | e | 0 | at head
        reporting | <reporting> | r | r | 0 | at head
        """)
    assert life.out("current", "-c") == "app: e (head) (mergepoint)\nreporting: r (head)\n"
