"""Development roots and TLS identities of one stack (X.509, ECDSA P-256).

Two roots: one for workloads and the gateway, one for member systems; so a member's certificate can never pass for a
service. What is trusted is a bundle: when a root nears its end a new one is made and the old one stays in the bundle
until it ends. While parts run, a root is exchanged in three steps: announced, adopted, the old one retired.
"""

from __future__ import annotations

import ipaddress
import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID

from deploy.local.x509forms import builder_of, near_end, pem_cert, pem_key, self_signed, signed_by, usage

IDENTITY_LIFE = timedelta(days=90)
SERVER, CLIENT = ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH


@dataclass(frozen=True)
class Identity:
    """The PEM files of a TLS identity: certificate, key, both in one file, and the roots its peers are trusted by."""

    cert: Path
    key: Path
    store: Path
    trust: Path


@dataclass(frozen=True)
class Names:
    """Subject alternative names of a certificate."""

    uris: Sequence[str] = ()
    hosts: Sequence[str] = ()

    def all(self) -> list[x509.GeneralName]:
        """As X.509 writes them; a host that is an address becomes an IP name."""
        return [*(x509.UniformResourceIdentifier(uri) for uri in self.uris), *(_host(host) for host in self.hosts)]


class Authority:
    """One root under `folder`, its bundle, and the identities it has signed."""

    def __init__(self, folder: Path, title: str) -> None:
        self.folder = folder
        self.trust = folder / "trust.pem"
        self._title = title
        folder.mkdir(parents=True, exist_ok=True)
        self._ensure_root()

    def identity(self, name: str, names: Names, usages: Sequence[x509.ObjectIdentifier] = (SERVER, CLIENT)) -> Identity:
        """The identity `name`; made anew when it nears its end, or its names or the root are others than before."""
        folder = self.folder / name
        files = Identity(folder / "cert.pem", folder / "key.pem", folder / "store.pem", self.trust)
        if not self._serves(files, names):
            folder.mkdir(parents=True, exist_ok=True)
            key = ec.generate_private_key(ec.SECP256R1())
            cert = self._sign(name, key.public_key(), names, usages)
            write_private(files.key, pem_key(key))
            files.cert.write_bytes(pem_cert(cert))
            write_private(files.store, pem_key(key) + pem_cert(cert))
        return files

    def announce_root(self) -> None:
        """Make the next root and trust it; nothing is signed by it before every part that runs trusts it too."""
        key = ec.generate_private_key(ec.SECP256R1())
        root = self_signed(self._title, key)
        write_private(self.folder / "next.key", pem_key(key))
        write_private(self.folder / "next.pem", pem_cert(root))
        # Also what an exchange that broke off left behind: some part may still show an identity under it.
        self._put_bundle([*x509.load_pem_x509_certificates(self.trust.read_bytes()), root])

    def adopt_root(self) -> None:
        """Sign by the announced root from now on, and sign every identity anew, with the names that it has."""
        (self.folder / "next.pem").replace(self.folder / "root.pem")
        (self.folder / "next.key").replace(self.folder / "root.key")
        self._ensure_root()
        for folder in sorted(cert.parent for cert in self.folder.glob("*/cert.pem")):
            held = _load(folder / "cert.pem").extensions
            usages = list(held.get_extension_for_class(x509.ExtendedKeyUsage).value)
            names = held.get_extension_for_class(x509.SubjectAlternativeName).value
            uris = names.get_values_for_type(x509.UniformResourceIdentifier)
            hosts = [*names.get_values_for_type(x509.DNSName), *map(str, names.get_values_for_type(x509.IPAddress))]
            self.identity(folder.name, Names(uris, hosts), usages)

    def retire_roots(self) -> None:
        """Trust the root in use alone."""
        self._put_bundle([self._root])

    def _put_bundle(self, roots: Sequence[x509.Certificate]) -> None:
        """Replace the bundle, whole or not at all: connections are made meanwhile."""
        draft = self.trust.with_suffix(".new")
        draft.write_bytes(b"".join(pem_cert(cert) for cert in roots))
        draft.replace(self.trust)

    def _serves(self, files: Identity, names: Names) -> bool:
        if not all(path.exists() for path in (files.cert, files.key, files.store)):
            return False
        cert = x509.load_pem_x509_certificate(files.cert.read_bytes())
        held = cert.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        return not near_end(cert) and set(held) == set(names.all()) and signed_by(cert, self._root)

    def _ensure_root(self) -> None:
        """Load the root, or make one; the bundle keeps earlier roots until they end."""
        cert_file, key_file = self.folder / "root.pem", self.folder / "root.key"
        if not (cert_file.exists() and key_file.exists()) or near_end(_load(cert_file)):
            key = ec.generate_private_key(ec.SECP256R1())
            earlier = x509.load_pem_x509_certificates(self.trust.read_bytes()) if self.trust.exists() else []
            root = self_signed(self._title, key)
            bundle = [root, *(cert for cert in earlier if cert.not_valid_after_utc > datetime.now(UTC))]
            write_private(key_file, pem_key(key))
            cert_file.write_bytes(pem_cert(root))
            self._put_bundle(bundle)
        self._root = _load(cert_file)
        loaded = serialization.load_pem_private_key(key_file.read_bytes(), None)
        assert isinstance(loaded, ec.EllipticCurvePrivateKey)
        self._key = loaded

    def _sign(
        self, name: str, key: ec.EllipticCurvePublicKey, names: Names, usages: Sequence[x509.ObjectIdentifier]
    ) -> x509.Certificate:
        builder = (
            builder_of(name, self._root.subject, key, IDENTITY_LIFE)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(usage(digital_signature=True), critical=True)
            .add_extension(x509.ExtendedKeyUsage(usages), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False)
        )
        if names.all():
            builder = builder.add_extension(x509.SubjectAlternativeName(names.all()), critical=False)
        return builder.sign(self._key, hashes.SHA256())


class DevelopmentPki:
    """The roots and identities of one stack, under `folder`."""

    def __init__(self, folder: Path, host: str = "") -> None:
        self._host = host
        self._workloads = Authority(folder, "egov development root")
        self._members = Authority(folder / "members", "egov development root for members")

    @property
    def trust(self) -> Path:
        """The bundle that workloads and the gateway are trusted by."""
        return self._workloads.trust

    @property
    def members_trust(self) -> Path:
        """The bundle that the gateway trusts member systems by."""
        return self._members.trust

    def workload(self, name: str) -> Identity:
        """The identity of a part: `spiffe://egov/<name>`, good as server on this machine and as client."""
        return self._workloads.identity(name, Names([f"spiffe://egov/{name}"], _here(name)))

    def outward(self) -> Identity:
        """What the gateway shows to the outside: a server's certificate that names HOST, and no workload."""
        hosts = _here("gateway", self._host) if self._host else _here("gateway")
        return self._workloads.identity("gateway-outward", Names(hosts=hosts), [SERVER])

    def announce_root(self) -> None:
        """First step of exchanging the workloads' root; see `Authority`."""
        self._workloads.announce_root()

    def adopt_root(self) -> None:
        """Second step, when every part has been restarted after the first."""
        self._workloads.adopt_root()

    def retire_roots(self) -> None:
        """Third step, when every part has been restarted after the second."""
        self._workloads.retire_roots()

    def member_identity(self, name: str) -> Identity:
        """The identity of a member system towards the gateway; its `trust` is what it trusts the gateway by."""
        files = self._members.identity(name, Names([f"spiffe://egov-members/{name}"]), [CLIENT])
        return Identity(files.cert, files.key, files.store, self.trust)


def write_private(path: Path, content: bytes) -> None:
    """Write a file that only its owner may read, whole or not at all."""
    descriptor, draft = tempfile.mkstemp(prefix=f".{path.name}-", suffix=".new", dir=path.parent)
    with open(descriptor, "wb") as file:
        file.write(content)
    os.replace(draft, path)


def _here(*names: str) -> list[str]:
    return [*dict.fromkeys((*names, "localhost", "127.0.0.1"))]


def _host(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _load(path: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate(path.read_bytes())
