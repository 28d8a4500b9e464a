"""GitHub's workflow commands and GitLab's code quality report."""

from __future__ import annotations

import json
from pathlib import Path

from alembic_migrate.render.forges import fingerprinted, github, gitlab
from tests.render.records import a_lint, a_lint_finding

ROOT = Path("/repository")
FILE = ROOT / "versions" / "b.py"


def test_a_workflow_command_is_one_line_whatever_is_in_it():
    finding = a_lint_finding(file=FILE, message="100% lost:\r\ntwo, lines", safe=None)
    assert github([a_lint(finding)], ROOT) == (
        "::error file=versions/b.py,line=3,title=ADB101 drop-table::100%25 lost:%0D%0Atwo, lines"
    )


def test_what_separates_properties_is_escaped_in_them():
    finding = a_lint_finding(
        code="squawk:ban", name="ban", severity="warning", file=ROOT / "a,b:c%.py", safe="x = 1"
    )
    assert github([a_lint(finding)], ROOT) == (
        "::warning file=a%2Cb%3Ac%25.py,line=3,title=squawk%3Aban::it is lost%0Ax = 1"
    )


def test_a_file_elsewhere_keeps_its_whole_path():
    finding = a_lint_finding(file=Path("/elsewhere/b.py"), safe=None)
    assert github([a_lint(finding)], ROOT).startswith("::error file=/elsewhere/b.py,")


def test_what_is_accepted_is_left_out():
    answer = a_lint(a_lint_finding(suppressed="why"))
    assert (github([answer], ROOT), gitlab([answer], ROOT)) == ("", "[]")


def test_the_report_of_gitlab_has_each_finding_of_each_base():
    answers = [
        a_lint(a_lint_finding(file=FILE)),
        a_lint(a_lint_finding(file=FILE, severity="warning", line=9), base="reporting"),
    ]
    report = json.loads(gitlab(answers, ROOT))
    assert [(each["severity"], each["location"]) for each in report] == [
        ("major", {"path": "versions/b.py", "lines": {"begin": 3}}),
        ("minor", {"path": "versions/b.py", "lines": {"begin": 9}}),
    ]


def test_a_fingerprint_stays_when_lines_come_and_go_and_is_no_other_s():
    def prints(*findings):
        return [text for _, text in fingerprinted(findings)]

    first, second = prints(a_lint_finding(line=3), a_lint_finding(line=4))
    assert first != second
    assert prints(a_lint_finding(line=30), a_lint_finding(line=40)) == [first, second]
    assert prints(a_lint_finding(revision="c")) != [first]
    assert prints(a_lint_finding(file=ROOT / "moved.py")) == [first]
