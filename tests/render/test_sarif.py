"""The SARIF log, held against what the standard asks for (SARIF 2.1.0, OASIS)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from alembic_migrate.commands.linting import rules
from alembic_migrate.render.sarif import document
from tests.render.records import a_lint, a_lint_finding

ROOT = Path("/home/me/a project")
FILE = ROOT / "migrations" / "ein Büch.py"


@pytest.fixture
def log():
    """Return the log of three findings: one of ours, one that is accepted, one of squawk."""
    findings = (
        a_lint_finding(file=FILE),
        a_lint_finding(file=FILE, line=7, suppressed="nobody reads it"),
        a_lint_finding(
            file=Path("/elsewhere/c.py"),
            code="squawk:ban-it",
            name="ban-it",
            category="squawk",
            severity="warning",
            safe=None,
            engine="squawk",
        ),
    )
    return document([a_lint(*findings)], rules(), ROOT)


def test_it_has_what_the_standard_requires(log):
    """The properties that the sections named here call "SHALL contain"."""
    assert json.loads(json.dumps(log)) == log
    assert (log["version"], list(log)) == ("2.1.0", ["$schema", "version", "runs"])  # 3.13
    (run,) = log["runs"]
    driver = run["tool"]["driver"]  # 3.14.6, 3.18.2
    assert driver["name"] == "alembic-db"  # 3.19.8
    assert run["columnKind"] in {"utf16CodeUnits", "unicodeCodePoints"}  # 3.14.17
    ids = [rule["id"] for rule in driver["rules"]]  # 3.49.3
    assert len(set(ids)) == len(ids)
    for rule in driver["rules"]:
        assert rule["shortDescription"]["text"]  # 3.49.9, 3.12.3
        assert rule["help"]["text"]  # 3.49.13: where there is Markdown, there is text
        assert rule["defaultConfiguration"]["level"] in {"none", "note", "warning", "error"}
    for result in run["results"]:
        assert result["message"]["text"]  # 3.27.11
        assert result["ruleId"] == ids[result["ruleIndex"]]  # 3.27.6
        assert result["level"] in {"none", "note", "warning", "error"}  # 3.27.10
        (location,) = result["locations"]
        place = location["physicalLocation"]
        assert place["region"]["startLine"] >= 1  # 3.30.5
        base = place["artifactLocation"].get("uriBaseId")
        assert base is None or base in run["originalUriBaseIds"]  # 3.4.4
        for suppression in result.get("suppressions", ()):
            assert suppression["kind"] in {"inSource", "external"}  # 3.35.2
            assert suppression["status"] in {"accepted", "underReview", "rejected"}  # 3.35.3
    for root in run["originalUriBaseIds"].values():
        assert root["uri"].endswith("/")  # 3.14.14


def test_places_are_relative_to_the_root_and_are_uris(log):
    places = [
        result["locations"][0]["physicalLocation"]["artifactLocation"]
        for result in log["runs"][0]["results"]
    ]
    assert log["runs"][0]["originalUriBaseIds"] == {
        "PROJECTROOT": {"uri": "file:///home/me/a%20project/"}
    }
    assert places == [
        {"uri": "migrations/ein%20B%C3%BCch.py", "uriBaseId": "PROJECTROOT"},
        {"uri": "migrations/ein%20B%C3%BCch.py", "uriBaseId": "PROJECTROOT"},
        {"uri": "file:///elsewhere/c.py"},
    ]


def test_what_is_accepted_is_a_suppression_with_its_reason(log):
    suppressions = [each.get("suppressions") for each in log["runs"][0]["results"]]
    assert suppressions == [
        None,
        [{"kind": "inSource", "status": "accepted", "justification": "nobody reads it"}],
        None,
    ]


def test_the_rules_of_squawk_that_found_something_are_among_the_rules(log):
    ours, squawk = log["runs"][0]["tool"]["driver"]["rules"][:-1], log["runs"][0]["tool"]["driver"]
    assert [rule["id"] for rule in ours] == [rule.code for rule in rules()]
    assert squawk["rules"][-1] == {
        "id": "squawk:ban-it",
        "name": "ban-it",
        "shortDescription": {"text": "it is lost"},
        "helpUri": "https://squawkhq.com/docs/ban-it",
        "help": {"text": "it is lost"},
        "defaultConfiguration": {"level": "warning"},
        "properties": {"tags": ["squawk", "postgresql"]},
    }


def test_the_help_of_a_rule_has_both_examples(log):
    help_of = log["runs"][0]["tool"]["driver"]["rules"][0]["help"]
    first = rules()[0]
    assert help_of["markdown"] == (
        f"{first.why}\n\nInstead of\n\n```python\n{first.bad}\n```\n\nwrite\n\n"
        f"```python\n{first.good}\n```"
    )
