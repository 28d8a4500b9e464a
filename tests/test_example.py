"""The example project on every database, as its README tells to use it."""

from __future__ import annotations

from decimal import Decimal

import pytest


@pytest.fixture(params=["sqlite", "postgresql", "mariadb"])
def urls(request, example):
    """The URLs of the two bases: the SQLite files of the project, or two databases of a server."""
    if request.param == "sqlite":
        yield {
            "APP_DATABASE_URL": "sqlite:///app.db",
            "REPORTING_DATABASE_URL": "sqlite:///reporting.db",
        }
        return
    server = request.getfixturevalue(f"{request.param}_server")
    with server.database() as app, server.database() as reporting:
        yield {"APP_DATABASE_URL": app, "REPORTING_DATABASE_URL": reporting}


def test_the_example_goes_up_and_down_and_its_history_is_what_its_models_say(example, urls):
    app, reporting = urls.values()

    example.run("upgrade", "--all", env=urls)
    assert example.tables(app) == [
        "alembic_version",
        "customer",
        "product",
        "purchase",
        "purchase_line",
    ]
    assert example.tables(reporting) == ["alembic_version", "daily_sales", "product_sales"]
    assert example.stamped(app) == ["e90a46d8f37c"]
    assert example.stamped(reporting) == ["6ac2f8e07b94"]

    example.run("check", "--all", env=urls)
    assert example.run("check", "--all", "--drift", env=urls).stdout == (
        "app: no problems found\nreporting: no problems found\n"
    )

    before = example.files("migrations")
    example.run("migrate", "--all", "-m", "nothing", env=urls)
    assert example.files("migrations") == before

    example.run("downgrade", "--all", "base", env=urls)
    assert example.tables(app) == ["alembic_version"]
    assert example.tables(reporting) == ["alembic_version"]


def test_the_data_migration_of_the_example_keeps_every_price_both_ways(example, urls):
    app = urls["APP_DATABASE_URL"]
    example.run("upgrade", "--base", "app", "8b6e1f94c07a", env=urls)
    example.execute(
        app,
        "INSERT INTO product (id, name, price)"
        " VALUES (1, 'tea', 19.99), (2, 'cup', 0.29), (3, 'shop', 1234567.05)",
    )

    example.run("upgrade", "--base", "app", "c52d7b0e9a13", env=urls)
    cents = example.rows(app, "SELECT id, price_cents FROM product ORDER BY id")
    assert cents == [(1, 1999), (2, 29), (3, 123456705)]

    example.run("downgrade", "--base", "app", env=urls)
    prices = example.rows(app, "SELECT id, price FROM product ORDER BY id")
    assert [(number, Decimal(str(price))) for number, price in prices] == [
        (1, Decimal("19.99")),
        (2, Decimal("0.29")),
        (3, Decimal("1234567.05")),
    ]


def test_the_history_of_the_example_is_verified(example, urls):
    done = example.run("verify", "--format", "json", env=urls)
    asked = ("history", "sum", "up", "models", "down", "again")
    for base in done.json["bases"]:
        answers = {each["name"]: each["answer"] for each in base["questions"]}
        assert answers == dict.fromkeys(asked, "ok") | {"sum": "skipped"}, base
        assert all(not each["notes"] for each in base["questions"]), base
    assert example.tables(urls["APP_DATABASE_URL"]) == []


def test_what_the_example_loses_and_what_its_rows_may_stop_is_linted(example, urls):
    done = example.run("lint", "--all", "--all-revisions", "--format", "json", env=urls, status=4)
    app, reporting = done.json["bases"]
    assert [
        (each["file"].rpartition("/")[2], each["line"], each["code"])
        for each in app["findings"]
        if each["severity"] == "error"
    ] == [
        ("c52d7b0e9a13_prices_in_cents.py", 37, "ADB102"),
        ("e90a46d8f37c_one_customer_an_address_longer_names.py", 31, "ADB203"),
    ]
    assert all(each["severity"] == "warning" for each in reporting["findings"])
    assert all(each["code"] != "ADB001" for each in app["findings"])
