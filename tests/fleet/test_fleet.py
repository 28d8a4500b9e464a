"""One verb over many databases in several processes: what runs, what fails, what is told."""

from __future__ import annotations

import os
import signal
import subprocess
import time

import pytest

from tests.fleet.fleets import at, files
from tests.projects import COMMAND, environment
from tests.safety.histories import finish, started, wait_until

SEVEN = ("a", "b", "c", "d", "e", "f", "g")
HEAD = {name: ["r2"] for name in SEVEN}
KILLED = "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)\n"
FAILING = "raise ValueError('not this one')\n"


def answer(tenants: str) -> str:
    return "".join(f"{each}: upgraded to r2 (head), 2 revisions\n" for each in tenants)


def test_every_database_is_migrated_and_told_in_order_and_in_one_block(project, command):
    here = files(project(), SEVEN)
    result = command(here, "upgrade", "--jobs", "3")

    assert result.stdout == answer("abcdefg")
    assert at(here, SEVEN) == HEAD
    assert "(7 of 7)" in result.stderr
    owners = [line.partition("]")[0] for line in result.stderr.splitlines()]
    assert len(owners) == 3 * 7
    for place in range(0, len(owners), 3):
        assert len(set(owners[place : place + 3])) == 1


def test_what_a_project_prints_is_told_of_its_database(project, command):
    here = files(project(), SEVEN)
    here.write("special_d.py", "print('hello from', place)\nimport os\nos.system('echo and below')")
    result = command(here, "upgrade", "-j", "2", "-q")

    assert result.stdout == ""
    assert result.stderr == "[d] hello from d\n[d] and below\n"


def test_the_first_failure_lets_no_other_begin(project, command):
    here = files(project(), SEVEN)
    here.write("special_a.py", f"from pathlib import Path\nPath('FAILS').touch()\n{FAILING}")
    # The other process is busy until the failure is known.
    waits = "while not os.path.exists('FAILS'):\n    time.sleep(0.02)\ntime.sleep(1)\n"
    here.write("special_b.py", f"import os, time\n{waits}")
    result = command(here, "upgrade", "-j", "2", status=1)

    assert "ValueError: not this one" in result.stderr
    assert "nothing changed: the database is still at base" in result.stderr
    assert at(here, ("b", "c")) == {"b": ["r2"], "c": []}
    assert "g: not tried" in result.stderr


def test_the_others_are_done_where_some_fail(project, command):
    here = files(project(), SEVEN)
    here.write("special_c.py", FAILING)
    here.write("special_e.py", FAILING)
    result = command(here, "upgrade", "-j", "2", "--keep-going", status=6)

    assert "Error: 2 of 7 tenants failed: c, e\n" in result.stderr
    assert at(here, SEVEN) == HEAD | {"c": [], "e": []}

    (here.root / "special_c.py").unlink()
    (here.root / "special_e.py").unlink()
    again = command(here, "upgrade", "-j", "2")
    assert again.stdout.splitlines()[:3] == [
        "a: already at r2 (head)",
        "b: already at r2 (head)",
        "c: upgraded to r2 (head), 2 revisions",
    ]
    assert at(here, SEVEN) == HEAD


def test_a_killed_process_is_one_failed_database(project, command):
    here = files(project(), SEVEN)
    here.write("special_b.py", KILLED)
    result = command(here, "upgrade", "-j", "2", "--keep-going", status=6)

    assert "b: failed: its process was killed (SIGKILL)" in result.stderr
    assert "what was committed stays; run the command again" in result.stderr
    assert at(here, SEVEN) == HEAD | {"b": []}


def test_so_many_failures_are_enough(project, command):
    here = files(project(), SEVEN)
    for name in "abc":
        here.write(f"special_{name}.py", FAILING)
    for jobs in ("1", "2"):
        result = command(here, "upgrade", "-j", jobs, "--max-failures", "2", status=None)
        assert "g: not tried" in result.stderr
        assert "b: failed: " in result.stderr
        assert result.exit in (1, 6)


def test_no_other_is_tried_where_a_canary_fails(project, command):
    here = files(project(), SEVEN)
    here.write("special_b.py", FAILING)
    result = command(here, "upgrade", "-j", "2", "--canary", "2", "--keep-going", status=6)

    assert at(here, SEVEN) == {name: ["r2"] if name == "a" else [] for name in SEVEN}
    assert "1 of 7 tenants failed: b; 5 not tried" in result.stderr

    (here.root / "special_b.py").unlink()
    assert command(here, "upgrade", "-j", "2", "--canary", "2").exit == 0
    assert at(here, SEVEN) == HEAD


def test_shards_are_the_same_everywhere_and_leave_nobody_out(project, command):
    here = files(project(), SEVEN)
    told = [
        command(here, "upgrade", "--shard", f"{part}/3").stdout.splitlines() for part in range(3)
    ]

    assert sorted(line for lines in told for line in lines) == answer("abcdefg").splitlines()
    assert at(here, SEVEN) == HEAD


@pytest.mark.parametrize("shard", ["3/3", "1", "a/b", "-1/2", "0/0"])
def test_a_shard_that_is_no_part_of_a_whole_is_refused(project, command, shard):
    result = command(files(project(), SEVEN), "upgrade", f"--shard={shard}", status=2)
    assert f"--shard {shard}: it is I/N, with I from 0 to N - 1" in result.stderr


@pytest.mark.parametrize(
    ("flag", "least"), [("--jobs=0", 1), ("--max-failures=0", 1), ("--connections=1", 2)]
)
def test_a_number_that_is_too_small_is_refused(project, command, flag, least):
    result = command(files(project(), SEVEN), "upgrade", flag, status=2)
    assert f"{flag.replace('=', ' ')}: it is {least} at least" in result.stderr


def test_programs_are_told_of_each_database_as_it_is_finished(project, command):
    here = files(project(), SEVEN)
    here.write("special_c.py", FAILING)
    result = command(here, "upgrade", "-j", "2", "--keep-going", "--format", "jsonl", status=6)

    ended = [line for line in result.jsonl if line["event"] in ("done", "failed")]
    assert sorted((line["base"], line["event"]) for line in ended) == [
        (f"{name}", "failed" if name == "c" else "done") for name in SEVEN
    ]
    assert ended[-1]["done"] == 6
    assert ended[-1]["failed"] == 1
    assert ended[-1]["total"] == 7
    last = result.jsonl[-1]
    assert last["event"] == "result"
    assert [each["tenant"] for each in last["bases"]] == list(SEVEN)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_every_process_in_order(project, number):
    here = files(project(), SEVEN)
    wait = "import pathlib, time\npathlib.Path('HERE_' + place).touch()\ntime.sleep(60)\n"
    for name in "ab":
        here.write(f"special_{name}.py", wait)
    process = subprocess.Popen(
        [str(COMMAND), "upgrade", "-j", "2"],
        cwd=here.root,
        env=environment(here.root),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    while not all((here.root / f"HERE_{name}").exists() for name in "ab"):
        assert process.poll() is None
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGINT) if number == signal.SIGINT else process.terminate()
    out, err = process.communicate(timeout=30)

    assert process.returncode == 128 + number
    assert out == ""
    assert err.count("terminated while revision r1 ran") == 2
    assert err.count("nothing changed: the database is still at base") == 2
    assert "g: not tried" in err
    assert at(here, SEVEN) == {name: [] for name in SEVEN}


def test_a_signal_while_processes_leave_takes_nothing_away_from_the_answer(project):
    here = files(project(), ("a", "b"))
    leaving = "import atexit, time\natexit.register(lambda: (print('', file=open('LEFT', 'w')), "
    for name in "ab":
        here.write(f"special_{name}.py", f"{leaving}time.sleep(60)))\n")
    with started(here, "upgrade", "-j", "2") as process:
        wait_until((here.root / "LEFT").exists)
        process.send_signal(signal.SIGINT)
        ended = finish(process, 20)

    assert ended.exit == 130
    assert "Error: interrupted: 2 of 2 done, 0 not tried\n" in ended.stderr
    assert "b: upgraded to r2 (head), 2 revisions\n" in ended.stderr


def test_bases_wait_for_those_that_they_come_after(two_bases, command):
    here = two_bases
    command(here, "init", "--all")
    command(here, "migrate", "--all", "-m", "first", "--scratch")
    result = command(here, "upgrade", "--all", "-j", "2")

    steps = [line for line in result.stderr.splitlines() if "Running upgrade" in line]
    assert [line[: line.index("]") + 1] for line in steps] == ["[app]", "[reporting]"]
    result = command(here, "downgrade", "base", "--all", "-j", "2")
    steps = [line for line in result.stderr.splitlines() if "Running downgrade" in line]
    assert [line[: line.index("]") + 1] for line in steps] == ["[reporting]", "[app]"]


def test_a_plan_is_run_by_one_process(project, command):
    here = files(project(), SEVEN)
    command(here, "plan", "--out", "plan.json")
    assert "a plan is run by one process" in (
        command(here, "upgrade", "--plan", "plan.json", "-j", "2", status=2).stderr
    )


def test_of_many_those_with_the_same_answer_share_a_line(project, command):
    names = [f"t{number:02}" for number in range(23)]
    here = files(project(), names)
    command(here, "upgrade", "--tenant", "t0*")
    said = command(
        here, "upgrade", "-j", "2", "--tenant", "t0*,t10,t11,t12,t2*,t14,t15,t16,t17,t18,t19"
    )
    assert said.stdout == (
        "10 tenants already at r2 (head): t00, t01, t02, t03, t04, t05, t06, t07, t08, t09\n"
        "12 tenants upgraded to r2 (head), 2 revisions\n"
    )
    here.write("special_t13.py", FAILING)
    # Which of the others have begun when one fails, is up to the processes.
    failed = command(here, "upgrade", "-j", "2", "--keep-going", status=6)
    assert "Error: 1 of 23 tenants failed: t13\n  t13: failed: revision r1" in failed.stderr
    assert failed.stderr.endswith("\n  22 others are done\n")
    (here.root / "special_t13.py").unlink()
    assert command(here, "upgrade", "-v").stdout.count("\n") == 23


def test_a_signal_after_which_all_that_began_is_done_is_an_interruption(project):
    here = files(project(), SEVEN)
    wait = (
        "import os, pathlib, signal, time\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "pathlib.Path('HERE_' + place).touch()\n"
        "while not os.path.exists('GO'):\n    time.sleep(0.02)\n"
    )
    for name in "ab":
        here.write(f"special_{name}.py", wait)
    with started(here, "upgrade", "-j", "2") as process:
        while not all((here.root / f"HERE_{name}").exists() for name in "ab"):
            assert process.poll() is None
            time.sleep(0.02)
        process.terminate()
        time.sleep(0.5)  # for it to be passed on, and ignored
        (here.root / "GO").touch()
        ended = finish(process)

    assert ended.exit == 143
    assert "Error: interrupted: 2 of 7 done, 5 not tried" in ended.stderr
    assert at(here, ("a", "b", "c")) == {"a": ["r2"], "b": ["r2"], "c": []}
