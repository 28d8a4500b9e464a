"""Times fleets of tenants against other tools.

    python -m tests.benchmarks.fleets [--kind schemas|databases|files] [--tenants N ...]
        [--revisions N] [--jobs N] [--rounds N] [--peers NAME ...] [--peers-up-to N] [--json FILE]

A tenant is a schema of one PostgreSQL database, a database of its server, or a SQLite file. For
each number of tenants every tool upgrades the same ones from nothing, and then once more, when
there is nothing to do. The peers are a process that loops ``alembic.command`` (``loop``), a shell
loop of ``alembic`` (``shell``), and, of schemas, django-tenants' ``migrate_schemas`` with either
executor (``django-standard``, ``django-multiprocessing``); who is not installed is left out.
``compiled`` is `alembic-db` itself with ``compiled = true``; ``driver`` sends the same SQL by
psycopg alone, from as many processes: what the server itself needs, and nobody can be faster. The
server is started for it, on a free port, and writes as safely as one in production. Seconds are
wall time of whole processes, CPU seconds those of the tool and its processes without the server's;
the memory is the largest resident set of any one process. In every round each tool runs once, one
after the other; what is told is the median of the rounds, and of ratios the median of theirs. One
below 1 says that `alembic-db` is the faster. The file of ``--json`` is what
``tests.benchmarks.plotting`` draws.
"""

from __future__ import annotations

import argparse
import importlib.util
import itertools
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import psycopg

from tests.benchmarks.fleet_projects import names, write
from tests.servers import PASSWORD, USER, start_postgresql

PROGRAMS = Path(sys.executable).parent
OURS = "alembic-db"
PEERS = ("driver", "compiled", "loop", "shell", "django-standard", "django-multiprocessing")
WORKS = ("from nothing", "at head")
_PLACES = itertools.count()
HEADING = "| tenants | work | tool | seconds | ms a tenant | CPU | MB | alembic-db is |"


@dataclass(frozen=True)
class Place:
    """Where one round runs: the project's folder, the database, and what every program is told."""

    root: Path
    kind: str
    database: str
    port: int
    jobs: int

    @property
    def url(self) -> str:
        """The URL that the project has, with ``{tenant}`` in it where each has a database."""
        if self.kind == "files":
            return f"sqlite:///{self.root}/{{tenant}}.db"
        server = f"postgresql+psycopg://{USER}:{PASSWORD.replace('@', '%40')}@127.0.0.1:{self.port}"
        return f"{server}/{self.database if self.kind == 'schemas' else '{tenant}'}"

    @property
    def environment(self) -> dict[str, str]:
        """The environment of the programs."""
        told = {
            "BENCH_URL": self.url,
            "BENCH_DATABASE": self.database,
            "BENCH_USER": USER,
            "BENCH_PASSWORD": PASSWORD,
            "BENCH_PORT": str(self.port),
            "BENCH_JOBS": str(self.jobs),
            "DJANGO_SETTINGS_MODULE": "settings",
            "PYTHONPATH": str(self.root),
            "HOME": str(self.root),
        }
        return {**os.environ, **told}


@dataclass(frozen=True)
class Taken:
    """What one run took.

    Attributes:
        tenants: how many it went over.
        work: from nothing, or at head.
        tool: who ran.
        seconds: wall time.
        cpu: seconds of the tool and its processes.
        memory: kilobytes of the largest process.
        ratio: what `alembic-db` took of that; None for itself.
    """

    tenants: int
    work: str
    tool: str
    seconds: float
    cpu: float
    memory: int
    ratio: float | None = None


def main() -> None:
    """Make the fleets, time the tools and print the table."""
    given = arguments()
    # As a server in production has them, where the tests' own is quicker.
    settings = dict.fromkeys(
        ("fsync", "synchronous_commit", "full_page_writes", "autovacuum"), "on"
    )
    server = start_postgresql(**settings)
    taken: list[Taken] = []
    print(f"{given.kind}, {given.revisions} revisions, {given.jobs} processes\n")
    print(f"{HEADING}\n| ---: | --- | --- | ---: | ---: | ---: | ---: | ---: |", flush=True)
    try:
        for tenants in given.tenants:
            peers = given.peers if tenants <= given.peers_up_to else []
            found = measure(server.port, given, tenants, [peer for peer in peers if is_there(peer)])
            print("\n".join(lines(found)), flush=True)
            taken += found
            if given.json:
                told = {"kind": given.kind, "revisions": given.revisions, "jobs": given.jobs}
                told["taken"] = [asdict(each) for each in taken]
                given.json.write_text(json.dumps(told, indent=1) + "\n")
    finally:
        server.stop()


def arguments() -> argparse.Namespace:
    """Return what was typed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--kind", default="schemas", choices=["schemas", "databases", "files"])
    parser.add_argument("--tenants", type=int, nargs="+", default=[50, 200])
    parser.add_argument("--revisions", type=int, default=20)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--peers", nargs="*", default=list(PEERS), choices=PEERS)
    parser.add_argument("--peers-up-to", type=int, default=200, help="of so many tenants")
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    if given.kind != "schemas":
        given.peers = [peer for peer in given.peers if not peer.startswith("django")]
    if given.kind == "files":
        given.peers = [peer for peer in given.peers if peer != "driver"]
    return given


def is_there(peer: str) -> bool:
    """Tell whether a peer is installed."""
    return not peer.startswith("django") or importlib.util.find_spec("django_tenants") is not None


def measure(
    port: int, given: argparse.Namespace, tenants: int, peers: Sequence[str]
) -> list[Taken]:
    """Run every tool on the same number of tenants, in turns."""
    rounds: list[list[Taken]] = []
    for _ in range(given.rounds):
        taken: list[Taken] = []
        for tool in (OURS, *peers):
            with fleet(port, given, tenants) as place:
                taken += [Taken(tenants, work, tool, *run(place, tool, tenants)) for work in WORKS]
        rounds.append(taken)
    return [median(each, rounds) for each in zip(*rounds, strict=True)]


def median(same: Sequence[Taken], rounds: Sequence[Sequence[Taken]]) -> Taken:
    """Return what a run took, by what it took in each round."""
    first = same[0]
    ours = [
        each for taken in rounds for each in taken if (each.tool, each.work) == (OURS, first.work)
    ]
    ratios = [its.seconds / other.seconds for its, other in zip(ours, same, strict=True)]
    return Taken(
        first.tenants,
        first.work,
        first.tool,
        statistics.median(each.seconds for each in same),
        statistics.median(each.cpu for each in same),
        max(each.memory for each in same),
        None if first.tool == OURS else statistics.median(ratios),
    )


def lines(taken: Sequence[Taken]) -> Iterator[str]:
    """Yield the table's lines, a kind of work after the other."""
    for work in WORKS:
        for its in (each for each in taken if each.work == work):
            cells = [
                str(its.tenants),
                work,
                its.tool,
                f"{its.seconds:.2f}",
                f"{its.seconds / its.tenants * 1000:.1f}",
                f"{its.cpu:.2f}",
                f"{its.memory / 1024:.0f}",
                "" if its.ratio is None else f"{its.ratio:.2f}",
            ]
            yield f"| {' | '.join(cells)} |"


@contextmanager
def fleet(port: int, given: argparse.Namespace, tenants: int) -> Iterator[Place]:
    """Make a project and its tenants, without tables.

    What was made stays, under another name, until the server goes: a file system like ext4 does not
    use the place of a deleted file again for minutes, and who makes files soon after thousands were
    deleted pays for the search. What else one tool leaves to be done is not left to the next.
    """
    folder = Path(tempfile.mkdtemp(prefix="fleets-"))
    place = Place(folder, given.kind, f"fleet_{tenants}", port, given.jobs)
    own = names(tenants) if given.kind == "databases" else [place.database]
    administer(port, "postgres", *(f"CREATE DATABASE {name}" for name in own))
    try:
        if given.kind == "schemas":
            administer(port, place.database, *(f"CREATE SCHEMA {name}" for name in names(tenants)))
        write(place.root, given.kind, names(tenants), given.revisions)
        yield place
    finally:
        for name in own:
            administer(port, name, "VACUUM ANALYZE")
        place_of = next(_PLACES)
        renamed = (f"ALTER DATABASE {name} RENAME TO {name}_{place_of}" for name in own)
        administer(port, "postgres", "CHECKPOINT", *renamed)
        shutil.rmtree(folder)


def administer(port: int, database: str, *statements: str) -> None:
    """Run statements, each by itself."""
    with psycopg.connect(
        host="127.0.0.1", port=port, user=USER, password=PASSWORD, dbname=database, autocommit=True
    ) as connection:
        for statement in statements:
            connection.execute(statement.encode())


def run(place: Place, tool: str, tenants: int) -> tuple[float, float, int]:
    """Upgrade every tenant with one tool; return what ``timed`` does."""
    if tool.startswith("django"):
        prepare_django(place, tenants)
        executor = tool.removeprefix("django-")
        words = ["manage.py", "migrate_schemas", "--tenant", "--executor", executor]
        return timed(place, [[sys.executable, *words]])
    if tool in {"loop", "driver"}:
        return timed(place, [[sys.executable, f"{tool}.py", *names(tenants)]])
    if tool == "shell":
        program = str(PROGRAMS / "alembic")
        return timed(
            place, [[program, "-x", f"tenant={name}", "upgrade", "head"] for name in names(tenants)]
        )
    more = ["--set", "compiled=true"] if tool == "compiled" else []
    words = [str(PROGRAMS / OURS), "upgrade", "--jobs", str(place.jobs), "-q"]
    return timed(place, [[*words, *more]])


def prepare_django(place: Place, tenants: int) -> None:
    """Make the shared tables and the tenants' rows once; that is not timed."""
    if (place.root / "customers/migrations/0001_initial.py").exists():
        return
    timed(place, [[sys.executable, "manage.py", "makemigrations", "customers"]])
    timed(place, [[sys.executable, "manage.py", "migrate_schemas", "--shared"]])
    rows = ", ".join(f"('{name}')" for name in names(tenants))
    insert = f"INSERT INTO customers_client (schema_name) VALUES {rows}"
    administer(place.port, place.database, insert)


def timed(place: Place, commands: Sequence[Sequence[str]]) -> tuple[float, float, int]:
    """Run programs one after the other; return seconds, CPU seconds, and kilobytes of the largest.

    Raises:
        SystemExit: one failed; its outputs are the message.
    """
    memory, cpu = 0, 0.0
    start = time.perf_counter()
    for command in commands:
        with tempfile.TemporaryFile() as out:
            process = subprocess.Popen(
                command, cwd=place.root, env=place.environment, stdout=out, stderr=out
            )
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            memory = max(memory, usage.ru_maxrss)
            cpu += usage.ru_utime + usage.ru_stime
            if process.returncode:
                out.seek(0)
                raise SystemExit(f"{' '.join(command)} failed:\n{out.read().decode()[-4000:]}")
    return time.perf_counter() - start, cpu, memory


if __name__ == "__main__":
    main()
