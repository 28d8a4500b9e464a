"""A cluster whose machines prove to each other who they are, as dask's own settings say."""

from __future__ import annotations

import datetime as dt
import ipaddress

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.fleet.dasks import scheduler
from tests.fleet.test_cluster import not_at_head, schemas

NAMES = ("a", "b")


def certificate(folder, name, issuer=None):
    """Write a certificate and its key into one file, and return its name and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    issued_by, signed_with = issuer or (subject, key)
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issued_by)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(minutes=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]),
            critical=False,
        )
        .sign(signed_with, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    private = key.private_bytes(
        pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / f"{name}.pem").write_bytes(made.public_bytes(pem) + private)
    return subject, key


def settings(folder, authority, *owners):
    """Return dask's settings as the environment has them."""
    before = "DASK_DISTRIBUTED__COMM__TLS__"
    found = {f"{before}CA_FILE": str(folder / f"{authority}.pem")}
    for owner in owners:
        found[f"{before}{owner.upper()}__CERT"] = str(folder / f"{authority}-{owner}.pem")
    return found


@pytest.fixture
def machines(tmp_path):
    """A folder with the certificates of two authorities."""
    for authority in ("ours", "others"):
        issuer = certificate(tmp_path, authority)
        for owner in ("client", "scheduler", "worker"):
            certificate(tmp_path, f"{authority}-{owner}", issuer)
    return tmp_path


def test_a_cluster_with_tls_is_for_those_whom_its_authority_knows(
    project, postgresql_url, machines, monkeypatch
):
    here = schemas(project(), postgresql_url, NAMES)
    with monkeypatch.context() as patch:
        for name, value in settings(machines, "ours", "scheduler", "worker").items():
            patch.setenv(name, value)
        patch.setenv("DASK_DISTRIBUTED__COMM__REQUIRE_ENCRYPTION", "true")
        with scheduler(machines, "127.0.0.1", "--protocol", "tls") as dask, dask.workers(2):
            assert dask.address.startswith("tls://")
            for wrong in ({}, settings(machines, "others", "client")):
                refused = here.run("upgrade", *dask.words, env=wrong, status=1).stderr
                assert f"dask's scheduler at {dask.address} does not answer: " in refused
                assert "DASK_DISTRIBUTED__COMM__TLS__CLIENT__CERT" in refused
            assert not_at_head(here, postgresql_url, NAMES) == set(NAMES)
            here.run("upgrade", *dask.words, env=settings(machines, "ours", "client"))
    assert not_at_head(here, postgresql_url, NAMES) == set()
