"""How a scheduler of dask is reached, and what is looked at before anything is begun."""

from __future__ import annotations

import contextlib
import logging
import warnings
from typing import TYPE_CHECKING

from distributed import Client

from alembic_migrate.errors import ClusterError
from alembic_migrate.fleet import remote
from alembic_migrate.version import VERSION

if TYPE_CHECKING:
    from collections.abc import Iterator

PATIENCE = 10.0  # seconds for a scheduler to answer, and for a worker to be there
_THEIRS = ("distributed", "tornado", "asyncio")


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Keep dask's logs and warnings off stderr: what matters of them is told in our own words."""
    names = [name for name in logging.root.manager.loggerDict if name.split(".")[0] in _THEIRS]
    before = {name: logging.getLogger(name).level for name in {*_THEIRS, *names}}
    with warnings.catch_warnings(action="ignore"):
        for name in before:
            logging.getLogger(name).setLevel(logging.CRITICAL + 1)
        try:
            yield
        finally:
            for name, level in before.items():
                logging.getLogger(name).setLevel(level)


def connected(address: str) -> Client:
    """Return a client of a scheduler that has workers fit for the work.

    Args:
        address: the scheduler's.

    Raises:
        ClusterError: nothing answers there, no worker is there, or one has another version.
    """
    try:
        client = Client(address, timeout=PATIENCE, set_as_default=False)
    except (OSError, TimeoutError, ValueError, TypeError) as error:
        raise ClusterError(
            f"dask's scheduler at {address} does not answer: {type(error).__name__}",
            hint="is the address that which `dask scheduler` printed when it started, as in "
            "tcp://10.0.0.1:8786, and can it be reached from here?",
            data={"scheduler": address},
        ) from error
    try:
        _check(client, address)
    except BaseException:
        client.close(timeout=PATIENCE)
        raise
    return client


def _check(client: Client, address: str) -> None:
    try:
        client.wait_for_workers(1, timeout=PATIENCE)
    except TimeoutError as error:
        raise ClusterError(
            f"dask's scheduler at {address} has no workers",
            hint=f"on each machine, the same project in the same folder: dask worker {address}",
            data={"scheduler": address},
        ) from error
    found = client.run(remote.version, on_error="return")
    for worker, version in sorted(found.items()):
        if isinstance(version, Exception):
            raise ClusterError(
                f"the worker {worker} cannot load alembic-migrate: "
                f"{type(version).__name__}: {version}",
                hint=f'on each worker: pip install "alembic-migrate[dask]=={VERSION}"',
            )
        if version != VERSION:
            raise remote.other_version(VERSION, version, f"the worker {worker}")
