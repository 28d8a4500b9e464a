"""Clusters of dask for the tests: a scheduler and its workers, each a process of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

SECONDS = 60


@dataclass(frozen=True)
class Dask:
    """A scheduler, and where it says its address."""

    folder: Path
    process: subprocess.Popen[bytes]

    @property
    def address(self) -> str:
        address: str = json.loads((self.folder / "scheduler.json").read_text())["address"]
        return address

    @property
    def words(self) -> tuple[str, ...]:
        """What is typed to have it do the work."""
        return "--executor", "dask", "--scheduler", self.address

    @contextmanager
    def workers(
        self, count: int, *more: str, host: str = "127.0.0.1", before: Sequence[str] = ()
    ) -> Iterator[subprocess.Popen[bytes]]:
        """Start workers, each of two threads, and wait for them; `before` is typed before that."""
        options = ["--nworkers", str(count), "--nthreads", "2", "--host", host, *more]
        words = [*before, *_dask("worker", *options), self.address, "--no-dashboard"]
        with _running(words, self.folder / f"worker-{host}.log", "Registered to", count) as started:
            yield started


@contextmanager
def scheduler(folder: Path, host: str = "127.0.0.1", *more: str) -> Iterator[Dask]:
    """Start a scheduler on a free port, and stop it afterwards."""
    file = folder / "scheduler.json"
    options = ["--host", host, "--port", "0", "--scheduler-file", str(file), *more]
    words = _dask("scheduler", *options, "--no-dashboard")
    with _running(words, folder / "scheduler.log", "Scheduler at", 1) as started:
        made = Dask(folder, started)
        while not file.exists() or not file.read_text():
            time.sleep(0.02)
        yield made


def _dask(*words: str) -> list[str]:
    return [sys.executable, "-m", "dask", *words]


@contextmanager
def _running(
    words: Sequence[str], log: Path, ready: str, times: int
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a program until the end of the block; it is ready when it has said so often enough."""
    with log.open("wb") as to:
        process = subprocess.Popen(
            words, stdout=to, stderr=to, stdin=subprocess.DEVNULL, start_new_session=True
        )
    try:
        deadline = time.monotonic() + SECONDS
        while log.read_text().count(ready) < times:
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{words}: not ready\n{log.read_text()}")
            time.sleep(0.05)
        yield process
    finally:
        process.terminate()
        try:
            process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
