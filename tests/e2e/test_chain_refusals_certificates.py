"""Every step of a certificate, refused: a row per wrong caller, state, version and rule of the field.

Each step has a certificate of its own that stands ready for it; the last test takes the steps, so that no row is
refused for another reason than the one it names.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.e2e.city import COUNTY_ELSEWHERE, VILLAGE_ELSEWHERE, City, Json, licence_wanted
from tests.e2e.refusing import (
    Refused,
    Scene,
    Step,
    assert_without_effect,
    officer_of,
    refused_on,
    stale,
    wrong_callers,
)

SERVICE, PATH = "certificates", "/v1/certificates"
HOLDER = "92371199MAB000031X"
UNKNOWN, RETIRED = "11100000MB0328832T999", "11100000MB0328832T902"
FOOD_LASTS = timedelta(days=1826)

# The licence is issued by market supervision and open to urban management; to the police it does not exist.
issuer, reader, stranger = officer_of("SCJG"), officer_of("CGJ"), officer_of("GAJ")
foreigner = officer_of("SCJG", COUNTY_ELSEWHERE)


def at(away: timedelta) -> str:
    return (datetime.now(UTC) + away).isoformat()


def application(**said: Any) -> Json:
    """What is needed for a food business licence, with what is said put over it."""
    return licence_wanted(HOLDER, "石臼早点铺（虚构）") | said


def for_the_case(scene: Scene) -> Json:
    return {"caseNumber": scene.things["case"]["caseNumber"]}


def holders(scene: Scene) -> Json:
    return {"holderKind": "HOLDER_KIND_ENTERPRISE", "holderId": HOLDER} | for_the_case(scene)


ISSUE = Step("issue", "", issuer, lambda _: application(), on_a_thing=False)
GET = Step("get", "", reader, takes_version=False, reads=True, level=False)
HISTORY = Step("history", "history", reader, takes_version=False, reads=True, level=False)
LIST = Step("list", "", reader, holders, on_a_thing=False, reads=True)
SUSPEND = Step("suspend", "suspend", issuer, for_the_case)
RESUME = Step("resume", "resume", issuer)
REVOKE = Step("revoke", "revoke", issuer)
RENEW = Step("renew", "renew", issuer)
USE = Step("use", "use", reader, lambda scene: for_the_case(scene) | {"purpose": "incident"}, takes_version=False)
BY_ISSUER = (SUSPEND, RESUME, REVOKE, RENEW)
STEPS = (ISSUE, GET, HISTORY, LIST, *BY_ISSUER, USE)

WAY: Mapping[str, tuple[Step, ...]] = {
    "get": (),
    "history": (),
    "suspend": (),
    "resume": (SUSPEND,),
    "revoke": (),
    "renew": (),
    "use": (),
    "suspended": (SUSPEND,),
    "revoked": (REVOKE,),
    "expired": (),
}


@pytest.fixture(scope="module")
def scene(city: City) -> Iterator[Scene]:
    """One certificate has come to its end and one type is retired, as time and a load of new types would do it."""
    case = city.file(reference=f"refusals/{uuid.uuid4().hex[:12]}").body["incident"]
    made = Scene(city, PATH, {"case": case})
    things = {name: led(made, *way) for name, way in WAY.items()}
    things["retired"] = made.ask(ISSUE, typeCode=RETIRED).json["certificate"]
    id = things["expired"]["certificateId"]
    with city.stack.database(SERVICE, owner=True) as certificates:
        certificates.execute(
            "UPDATE certificate_edition SET valid_from = now() - interval '2 days', valid_until = now()"
            " WHERE certificate_id = %s", (id,),
        )  # fmt: skip
    in_force(city, False)
    yield Scene(city, PATH, {"case": case} | things)
    in_force(city, True)


def in_force(city: City, yes: bool) -> None:
    with city.stack.database(SERVICE, owner=True) as certificates:
        certificates.execute("UPDATE certificate_type SET in_force = %s WHERE code = %s", (yes, RETIRED))


def led(scene: Scene, *way: Step) -> Json:
    """A certificate that was issued and led on, step by step."""
    certificate: Json = scene.ask(ISSUE).json["certificate"]
    for step in way:
        at_hand = Scene(scene.city, PATH, {**scene.things, step.what: certificate})
        certificate = at_hand.ask(step).json["certificate"]
    return certificate


def on(step: Step, how: str, status: int, reason: str, **more: Any) -> Refused:
    return refused_on(step, SERVICE, how, status, reason, **more)


def unfit(step: Step, how: str, fields: Mapping[str, str], **more: Any) -> Refused:
    return on(step, how, 400, "INVALID_ARGUMENT", fields=fields, **more)


def number_taken(scene: Scene) -> Any:
    return scene.ask(ISSUE, number=scene.things["get"]["number"])


def verifying(query: str) -> Any:
    return lambda scene: scene.city.door.get(f"/v1/certificates:verify{query}")


CALLERS = [
    *(row for step in STEPS for row in wrong_callers(step, SERVICE)),
    *(on(step, "of another county", 404, "CERTIFICATE_NOT_FOUND", by=foreigner) for step in STEPS if step.on_a_thing),
    *(on(step, "by a department that only may see it", 403, "NOT_THE_ISSUER", by=reader)
      for step in (ISSUE, *BY_ISSUER)),
    *(on(step, "by a department that it is not open to", 404, "CERTIFICATE_NOT_FOUND", by=stranger)
      for step in (GET, HISTORY, USE)),
]  # fmt: skip

STATES = [
    *(stale(step, SERVICE) for step in BY_ISSUER),
    *(on(step, f"a {state} one", 400, "WRONG_STATE", thing=state)
      for step, states in (
          (SUSPEND, ("revoked", "expired")),
          (RESUME, ("get", "revoked", "expired")),
          (REVOKE, ("revoked",)),
          (RENEW, ("suspended", "revoked", "expired")),
          (USE, ("suspended", "revoked", "expired")),
      )
      for state in states),
    on(SUSPEND, "for the case that it is suspended for", 400, "ALREADY_SUSPENDED", thing="suspended"),
    on(RENEW, "of a type that was retired", 400, "CERTIFICATE_TYPE_UNKNOWN", thing="retired"),
    Refused("issue: a number that is taken", number_taken, 409, "NUMBER_TAKEN", audited_by=SERVICE),
]  # fmt: skip

RULES = [
    unfit(ISSUE, "of no type", {"type_code": "CERTIFICATE_TYPE_UNKNOWN"}, typeCode=UNKNOWN),
    unfit(ISSUE, "of a type that was retired", {"type_code": "CERTIFICATE_TYPE_UNKNOWN"}, typeCode=RETIRED),
    unfit(ISSUE, "in another county", {"region": "REGION_UNKNOWN"}, region=VILLAGE_ELSEWHERE),
    unfit(ISSUE, "to a person", {"holder_kind": "HOLDER_KIND_UNFIT"},
          holderKind="HOLDER_KIND_PERSON", holder=str(uuid.uuid4())),
    unfit(ISSUE, "to a code that is none", {"holder": "CODE_SOCIAL_CREDIT_CODE"}, holder="9237"),
    unfit(ISSUE, "from tomorrow", {"valid_from": "VALIDITY_UNFIT"}, validFrom=at(timedelta(days=1))),
    unfit(ISSUE, "until yesterday", {"valid_until": "VALIDITY_UNFIT"}, validUntil=at(timedelta(days=-1))),
    unfit(ISSUE, "for longer than its type allows", {"valid_until": "VALIDITY_UNFIT"},
          validUntil=at(FOOD_LASTS + timedelta(days=1))),
    unfit(ISSUE, "with nothing said", {
        "type_code": "REQUIRED", "number": "REQUIRED", "holder_kind": "REQUIRED", "holder": "REQUIRED",
        "holder_name": "REQUIRED", "region": "REQUIRED",
    }, **dict.fromkeys(application())),
    unfit(ISSUE, "by everything in the field's rules at once",
          {"region": "REGION_UNKNOWN", "holder_kind": "HOLDER_KIND_UNFIT", "valid_until": "VALIDITY_UNFIT",
           "holder": "CODE_UUID"},
          region=VILLAGE_ELSEWHERE, holderKind="HOLDER_KIND_PERSON", validUntil=at(timedelta(days=-1))),
    unfit(RENEW, "until yesterday", {"valid_until": "VALIDITY_UNFIT"}, validUntil=at(timedelta(days=-1))),
    unfit(LIST, "of nobody and for no case",
          {"holder_kind": "REQUIRED", "holder_id": "REQUIRED", "case_number": "REQUIRED"},
          holderKind="HOLDER_KIND_UNSPECIFIED", holderId="", caseNumber=""),
    unfit(USE, "for no case and no purpose", {"case_number": "REQUIRED", "purpose": "REQUIRED"},
          caseNumber="", purpose=""),
    unfit(USE, "for a case number that is none", {"case_number": "CODE_CASE_NUMBER"}, caseNumber="371102"),
    unfit(USE, "for a purpose that is a story", {"purpose": "TOO_LONG"}, purpose="字" * 201),
    Refused("verify: nothing", verifying(""), 400, "INVALID_ARGUMENT", {"identifier": "REQUIRED"}, None),
    Refused("verify: a story", verifying(f"?identifier={'1' * 121}"), 400, "INVALID_ARGUMENT",
            {"identifier": "TOO_LONG"}, None),
]  # fmt: skip


@pytest.mark.parametrize("row", [*CALLERS, *STATES, *RULES], ids=lambda row: row.what)
def test_is_refused_and_changes_nothing(scene: Scene, row: Refused) -> None:
    assert_without_effect(scene.city, SERVICE, scene, row)


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.what)
def test_with_nothing_wrong_the_step_is_taken(scene: Scene, step: Step) -> None:
    assert scene.ask(step).status == 200
