from __future__ import annotations

from tests.contract.life import (
    BASE,
    CUSTOMER_ID,
    EMAIL,
    NOT_COMPARED,
    PURCHASE,
    lines,
    synchronous,
)


def test_two_bases_from_the_first_folder_to_the_last_downgrade(life):
    assert life.both("init", "--all") == lines("""
        app: wrote migrations/app/README
        app: wrote migrations/app/env.py
        app: wrote migrations/app/script.py.mako
        reporting: wrote migrations/reporting/README
        reporting: wrote migrations/reporting/env.py
        reporting: wrote migrations/reporting/script.py.mako
        Next:
          alembic-db migrate --all -m "first tables"   (writes a revision; read it)
          alembic-db upgrade --all   (applies it)
        ---
        """)
    assert life.out("migrate", "-b", "app", "-m", "first tables", "--rev-id", "a1") == lines("""
        app: detected: add table customer
        app: detected: add table purchase
        app: wrote migrations/app/versions/a1_first_tables.py
        """)
    assert life.out("migrate", "-b", "reporting", "-m", "turnover", "--rev-id", "r1") == lines("""
        reporting: detected: add table turnover
        reporting: wrote migrations/reporting/versions/r1_turnover.py
        """)
    assert life.both("check", status=4) == lines("""
        app: revision a1 is not in the database: first tables
          alembic-db upgrade --base app
        app: NOT COMPARED
        reporting: revision r1 is not in the database: turnover
          alembic-db upgrade --base reporting
        reporting: NOT COMPARED
        ---
        """).replace("NOT COMPARED", NOT_COMPARED)
    assert life.both("upgrade", "--all") == lines("""
        app: upgraded to a1 (head), 1 revision
        reporting: upgraded to r1 (head), 1 revision
        ---
        [app] Running upgrade  -> a1, first tables
        [reporting] Running upgrade  -> r1, turnover
        """)
    assert life.both("upgrade", "--all") == lines("""
        app: already at a1 (head)
        reporting: already at r1 (head)
        ---
        """)
    assert life.out("check") == "app: no problems found\nreporting: no problems found\n"
    first = {
        "alembic_version": ["version_num"],
        "customer": ["id", "name"],
        "purchase": ["id"],
    }
    assert life.schema() == first
    turnover = {"alembic_version": ["version_num"], "turnover": ["day", "cents"]}
    assert life.schema("reporting") == turnover

    life.write_models(app=BASE + EMAIL + PURCHASE + CUSTOMER_ID)
    assert life.out("check", "--base", "app", status=4) == lines("""
        app: no revision does this: add column customer.email
        app: no revision does this: add index ix_customer_email on customer(email)
        app: no revision does this: add column purchase.customer_id
        app: no revision does this: add foreign key fk_purchase_customer_id on purchase(customer_id)
          alembic-db migrate --base app
        """)
    assert life.out("migrate", "-b", "app", "-m", "who bought", "--rev-id", "a2") == lines("""
        app: detected: add column customer.email
        app: detected: add index ix_customer_email on customer(email)
        app: detected: add column purchase.customer_id
        app: detected: add foreign key fk_purchase_customer_id on purchase(customer_id)
        app: wrote migrations/app/versions/a2_who_bought.py
        """)
    assert life.both("migrate", "--all", "-m", "too early", status=1) == (
        "---\nError: 1 of 2 bases failed: app; 1 not tried\n"
        "  app: failed: the database is behind: 1 revision is pending, and models can "
        "only be compared with a database at head\n"
        "      first: alembic-db upgrade --base app; or compare with the history instead: "
        "alembic-db migrate --base app --scratch\n"
        "  reporting: not tried\n"
    )
    assert life.out("upgrade", "--all") == lines("""
        app: upgraded to a2 (head), 1 revision
        reporting: already at r1 (head)
        """)
    assert life.both("migrate", "--all", "-m", "nothing") == lines("""
        app: nothing to do: no changes detected
        reporting: nothing to do: no changes detected
        ---
        """)
    assert life.project.versions("app") == ["a1_first_tables.py", "a2_who_bought.py"]
    assert life.out("check") == "app: no problems found\nreporting: no problems found\n"
    assert life.schema() == {
        "alembic_version": ["version_num"],
        "customer": ["id", "name", "email", "ix_customer_email"],
        "purchase": ["id", "customer_id", "fk_purchase_customer_id -> customer"],
    }

    assert life.both("downgrade", "--all") == lines("""
        reporting: downgraded to base, 1 revision
        app: downgraded to a1, 1 revision
        ---
        [reporting] Running downgrade r1 -> , turnover
        [app] Running downgrade a2 -> a1, who bought
        """)
    assert life.schema() == first
    assert life.schema("reporting") == {"alembic_version": ["version_num"]}
    assert life.out("upgrade", "--all", "+1") == lines("""
        app: upgraded to a2 (head), 1 revision
        reporting: upgraded to r1 (head), 1 revision
        """)
    assert life.schema("reporting") == turnover
    assert life.out("downgrade", "--all", "base") == lines("""
        reporting: downgraded to base, 1 revision
        app: downgraded to base, 2 revisions
        """)
    assert life.schema() == life.schema("reporting") == {"alembic_version": ["version_num"]}


@synchronous
def test_documents_tell_the_same_as_the_texts(branched):
    life = branched
    assert life.json("upgrade", "b", "-b", "app") == {
        "command": "upgrade",
        "bases": [
            {
                "base": "app",
                "verb": "upgrade",
                "database": "<app>",
                "before": [],
                "after": ["b"],
                "heads": ["e"],
                "steps": [
                    {"revision": "a", "message": "make t_a", "seconds": "<seconds>"},
                    {"revision": "b", "message": "make t_b", "seconds": "<seconds>"},
                ],
                "sql": None,
                "rehearsed": False,
            }
        ],
    }
    b = {
        "revision": "b",
        "down_revisions": ["a"],
        "depends_on": [],
        "branch_labels": [],
        "message": "make t_b",
        "doc": "make t_b",
        "path": "<root>/migrations/app/versions/b.py",
        "next_revisions": ["c", "d"],
        "is_head": False,
        "is_effective_head": False,
        "is_branch_point": True,
        "is_merge_point": False,
        "is_current": True,
    }
    assert life.json("current") == {
        "command": "current",
        "bases": [
            {
                "base": "app",
                "databases": [{"database": "<app>", "revisions": [b], "unknown": []}],
                "at_head": False,
            },
            {
                "base": "reporting",
                "databases": [{"database": "<reporting>", "revisions": [], "unknown": []}],
                "at_head": False,
            },
        ],
    }
    assert life.json("history", "-i", "-r", "b:current", "-b", "app") == {
        "command": "history",
        "bases": [{"base": "app", "revisions": [b]}],
    }
    assert [
        (row["base"], row["current"], row["heads"], [r["revision"] for r in row["pending"]], state)
        for row in life.json("status")["bases"]
        if (state := row["state"])
    ] == [
        ("app", ["b"], ["e"], ["d", "c", "e"], "behind"),
        ("reporting", [], ["r"], ["r"], "empty"),
    ]


@synchronous
def test_the_configuration_shows_each_value_with_its_origin_and_no_password(life):
    rows = {
        (row["key"], each["base"]): (life.cleaned(row["value"]), row["origin"])
        for each in life.run("config", "show", "--format", "json").json["bases"]
        for row in each["keys"]
    }
    for line, base in (3, "app"), (7, "reporting"):
        place = f"pyproject.toml:{line} [tool.alembic-migrate.bases.{base}]"
        assert rows["url", base] == (f"<{base}>", place)
        assert rows["directory", base] == (f"<root>/migrations/{base}", "default")
