"""Validation: the request's bytes become a message that keeps the contract's field rules; all violations at once."""

from __future__ import annotations

import re

from google.protobuf.message import DecodeError

from services.chassis.contract import Method
from services.chassis.interceptors.exchange import Desk, Exchange, Step
from services.chassis.validation import compile_rules
from services.kernel.errors import Kind, Refusal, Violation, invalid

KEY = "idempotency-key"
KEY_FORM = re.compile(r"[A-Za-z0-9._:-]{1,64}")


def validation(method: Method, desk: Desk, proceed: Step) -> Step:
    """Innermost. Refused: UNDECODABLE_REQUEST, INVALID_ARGUMENT with every field at fault, KEY_MISSING, KEY_INVALID."""
    rules = compile_rules(method.request_descriptor)
    needs_key = method.changing

    def step(exchange: Exchange) -> bytes:
        try:
            request = method.request.FromString(exchange.raw)
        except DecodeError:
            raise Refusal("UNDECODABLE_REQUEST", Kind.INVALID) from None
        call = exchange.call
        call.request = request
        violations = rules(request)
        if needs_key:
            key = exchange.metadata.get(KEY, "")
            problem = _key_problem(key)
            if problem and not violations:
                raise Refusal(problem.upper(), Kind.INVALID, violations=[Violation(KEY, problem)])
            if problem:
                violations = [Violation(KEY, problem), *violations]
            call.idempotency_key = key
        if violations:
            raise invalid(*violations)
        return proceed(exchange)

    return step


def _key_problem(key: str) -> str | None:
    if not key:
        return "key_missing"
    return None if KEY_FORM.fullmatch(key) else "key_invalid"
