"""One case on its way through the city: `python -m deploy.local.demo [--type CODE] [--region CODE]`.

Market supervision issues a restaurant its food licence, a citizen reports the kitchen, the report becomes an
inspection, a grave finding suspends the licence, what was rectified lets it go on, and the incident is closed: each
step by the right person with a token of their own, every effect in other services waited for. A type that is not
inspected runs grid's small circle. It ends with a table of the steps and with the case's trace. Exit code 1: something
that had to happen did not in time, or the stack refused a step.
"""

from __future__ import annotations

import argparse
import contextlib
import sys
from collections.abc import Sequence

from deploy.local.client import ApiError, Gateway, Unreachable
from deploy.local.demonstration.case import Case
from deploy.local.demonstration.cast import MARKET_SUPERVISION, Cast
from deploy.local.demonstration.course import play
from deploy.local.demonstration.licensing import GrpcRefused, LicensingSystem
from deploy.local.demonstration.mails import Letterbox
from deploy.local.demonstration.sample import Restaurant, inspectors_of, restaurant_in
from deploy.local.demonstration.script import Script
from deploy.local.demonstration.show import show_ends, show_steps
from deploy.local.demonstration.stage import NotInTime, Stage
from deploy.local.demonstration.told import Told
from deploy.local.errors import StackError
from deploy.local.member import explain
from deploy.local.people import People
from deploy.local.stackfile import Stack, stack


def run(where: Stack, type_code: str, region: str) -> bool:
    """Play and show one case; whether all came in time. Raises ApiError, GrpcRefused, Unreachable, StackError."""
    county = region[:6]
    with contextlib.closing(Gateway(where.gateway, where.trust, patience_s=5.0)) as gateway:
        cast = Cast(People(gateway, where), county)
        holder = restaurant_in(county) if inspectors_of(type_code) else None
        told = Told(gateway, _letterbox(where, holder))
        script = Script(Stage(), Case(gateway, cast, type_code, region), cast, told)
        try:
            play(script, holder, lambda: LicensingSystem(where, gateway, cast.code(MARKET_SUPERVISION)))
        except NotInTime as late:
            print(late, file=sys.stderr)
        finally:
            if script.stage.rows:
                show_steps(script)
        show_ends(script, gateway, where)
        return script.stage.complete


def _letterbox(where: Stack, holder: Restaurant | None) -> Letterbox | None:
    return Letterbox(where.mail, holder.email) if where.mail and holder and holder.email else None


def main(words: Sequence[str] | None = None) -> int:
    """Run the demo and show it."""
    parser = argparse.ArgumentParser(prog="python -m deploy.local.demo", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--type", default="90001", help="event code of a report (default 90001, 餐饮食品卫生)")
    parser.add_argument("--region", default="371102001001", help="village or grid (default 371102001001)")
    asked = parser.parse_args(words)
    try:
        complete = run(stack(), asked.type, asked.region)
    except (StackError, Unreachable, OSError) as stop:
        print(stop, file=sys.stderr)
        return 2
    except (ApiError, GrpcRefused) as refusal:
        said = explain(refusal) if isinstance(refusal, ApiError) else refusal
        print(f"The stack refused: {said}", file=sys.stderr)
        return 1
    return 0 if complete else 1


if __name__ == "__main__":
    sys.exit(main())
