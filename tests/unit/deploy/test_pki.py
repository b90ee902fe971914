import json
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from deploy.local import pki, x509forms
from deploy.local.members import ensure_member
from deploy.local.pki import DevelopmentPki, Identity


def certificate(identity: Identity) -> x509.Certificate:
    return x509.load_pem_x509_certificate(identity.cert.read_bytes())


def names(identity: Identity) -> set[str]:
    held = certificate(identity).extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return {str(name.value) for name in held}


def bundle(path: Path) -> list[x509.Certificate]:
    return x509.load_pem_x509_certificates(path.read_bytes())


def test_a_workload_is_named_by_its_spiffe_id_and_reachable_on_this_machine(tmp_path: Path) -> None:
    grid = DevelopmentPki(tmp_path).workload("grid")
    assert names(grid) == {"spiffe://egov/grid", "grid", "localhost", "127.0.0.1"}
    certificate(grid).verify_directly_issued_by(bundle(grid.trust)[0])


def test_an_identity_is_kept_while_it_serves(tmp_path: Path) -> None:
    before = DevelopmentPki(tmp_path).workload("grid").cert.read_bytes()
    assert DevelopmentPki(tmp_path).workload("grid").cert.read_bytes() == before


def test_another_host_renews_what_the_gateway_shows(tmp_path: Path) -> None:
    before = certificate(DevelopmentPki(tmp_path).outward())
    after = DevelopmentPki(tmp_path, "10.1.2.3").outward()
    assert names(after) == {"gateway", "10.1.2.3", "localhost", "127.0.0.1"}
    assert certificate(after).serial_number != before.serial_number
    assert "gov.example" in names(DevelopmentPki(tmp_path, "gov.example").outward())


def test_what_the_gateway_shows_outward_is_no_workload_and_no_client(tmp_path: Path) -> None:
    outward = certificate(DevelopmentPki(tmp_path).outward())
    assert not any(str(name).startswith("spiffe:") for name in names(DevelopmentPki(tmp_path).outward()))
    usage = outward.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(usage) == [ExtendedKeyUsageOID.SERVER_AUTH]


def test_an_identity_near_its_end_is_renewed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as short:
        short.setattr(pki, "IDENTITY_LIFE", timedelta(seconds=1))
        old = certificate(DevelopmentPki(tmp_path).workload("grid"))
    assert certificate(DevelopmentPki(tmp_path).workload("grid")).serial_number != old.serial_number


def test_a_root_near_its_end_stays_in_the_bundle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as short:
        short.setattr(x509forms, "ROOT_LIFE", timedelta(seconds=100))
        short.setattr(x509forms, "CLOCK_SKEW", timedelta(hours=1))
        old = DevelopmentPki(tmp_path)
        signed_before = certificate(old.workload("grid"))
    new = DevelopmentPki(tmp_path)
    fresh, earlier = bundle(new.trust)
    signed_before.verify_directly_issued_by(earlier)
    certificate(new.workload("grid")).verify_directly_issued_by(fresh)


def test_a_member_is_signed_by_another_root(tmp_path: Path) -> None:
    identities = DevelopmentPki(tmp_path)
    member = identities.member_identity("rizhao-ssp")
    assert names(member) == {"spiffe://egov-members/rizhao-ssp"}
    certificate(member).verify_directly_issued_by(bundle(identities.members_trust)[0])
    assert bundle(identities.members_trust) != bundle(identities.trust)
    assert member.trust == identities.trust


def test_keys_are_for_their_owner_only(tmp_path: Path) -> None:
    identity = DevelopmentPki(tmp_path / "tls").workload("grid")
    own = ensure_member(tmp_path / "members", "rizhao-ssp", DevelopmentPki(tmp_path / "tls"))
    secret = [identity.key, identity.store, tmp_path / "tls" / "root.key", own / "key.pem", own / "tls.key"]
    assert [path.stat().st_mode & 0o077 for path in secret] == [0] * len(secret)


def test_a_member_keeps_its_key_and_shows_the_public_part(tmp_path: Path) -> None:
    identities = DevelopmentPki(tmp_path / "tls")
    own = ensure_member(tmp_path, "rizhao-ssp", identities)
    before = (own / "key.pem").read_bytes()
    shown = json.loads((ensure_member(tmp_path, "rizhao-ssp", identities) / "public.jwk.json").read_text())
    assert (own / "key.pem").read_bytes() == before
    assert shown["alg"] == "ES256" and shown["kid"] and "d" not in shown


def test_a_root_is_exchanged_with_both_trusted_in_between(tmp_path: Path) -> None:
    identities = DevelopmentPki(tmp_path)
    grid, outward = identities.workload("grid"), identities.outward()
    before, held = certificate(grid), names(outward)
    (old,) = bundle(identities.trust)

    identities.announce_root()
    both = bundle(identities.trust)
    assert certificate(identities.workload("grid")) == before and both[0] == old

    identities.adopt_root()
    certificate(grid).verify_directly_issued_by(both[1])
    certificate(outward).verify_directly_issued_by(both[1])
    assert (names(grid), names(outward)) == ({"spiffe://egov/grid", "grid", "localhost", "127.0.0.1"}, held)
    assert list(certificate(outward).extensions.get_extension_for_class(x509.ExtendedKeyUsage).value) == [
        ExtendedKeyUsageOID.SERVER_AUTH
    ]
    assert old in bundle(identities.trust)
    # Another process that asks meanwhile finds them as they are.
    assert certificate(DevelopmentPki(tmp_path).workload("grid")) == certificate(grid)

    identities.retire_roots()
    assert bundle(identities.trust) == [both[1]]
