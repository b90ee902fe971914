"""Several changes in one call, each by itself: a transaction, key, outcome, events and audit row for every item.

A worker's unit of work is one change. Where a call brings many that have nothing to do with one another, each item is
worked on as if it were a call of its own under its own key: the same item again, in whatever call, is answered from its
kept outcome, a bad one costs the others nothing, and a process that dies in the middle has done some of them wholly and
the others not at all. The call itself has no transaction, and nothing is kept under its own key.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Generic, NamedTuple, TypeVar, cast

from egov.common.v1 import refusals_pb2
from google.protobuf.descriptor import Descriptor
from google.protobuf.message import Message
from nameko.containers import WorkerContext
from nameko.extensions import DependencyProvider

from services.chassis import metrics, telemetry
from services.chassis.call import Call, working_on
from services.chassis.database import as_refusal
from services.chassis.idempotency import Replayed
from services.chassis.interceptors.errors import fault
from services.chassis.rpcserver import RpcServer
from services.chassis.runtime import Runtime
from services.chassis.transaction import Transaction
from services.chassis.validation import Check, compile_rules
from services.kernel import texts
from services.kernel.errors import Kind, Refusal, invalid

Item = TypeVar("Item", bound=Message)
Answer = TypeVar("Answer", bound=Message)

DOWN = frozenset({Kind.UNAVAILABLE, Kind.TIMED_OUT, Kind.EXHAUSTED})
PASSING = DOWN | {Kind.CONFLICT, Kind.INTERNAL}


class Work(NamedTuple, Generic[Item, Answer]):
    """What is done with each item: the field that is its key, what it is answered with, and how."""

    key: str
    answer: type[Answer]
    do: Callable[[Item, Transaction], Answer]


class Items:
    """Works on items; what `self.items` is inside a worker."""

    def __init__(self, runtime: Runtime, server: RpcServer, rules_of: Callable[[Message], Check]) -> None:
        self._runtime = runtime
        self._server = server
        self._rules_of = rules_of

    def each(self, call: Call, items: Iterable[Item], work: Work[Item, Answer]) -> list[Answer | Refusal]:
        """Work on the items in turn. What is down for one is down for those after it, which are not tried."""
        results: list[Answer | Refusal] = []
        down: Refusal | None = None
        for item in items:
            result = down or self._one(call, item, work)
            down = result if isinstance(result, Refusal) and result.kind in DOWN else None
            results.append(result)
        return results

    def _one(self, call: Call, item: Item, work: Work[Item, Answer]) -> Answer | Refusal:
        assert call.method is not None, "items come by RPC"
        mine = Call(
            kind=call.kind, name=call.name, caller=call.caller, region=call.region, language=call.language,
            deadline=call.deadline, method=call.method, request=item, idempotency_key=getattr(item, work.key),
        )  # fmt: skip
        with telemetry.span(f"item {call.name}", parent=telemetry.current_traceparent()) as span, working_on(mine):
            try:
                result: Answer | Refusal = self._changed(mine, item, work)
            except Replayed as kept:
                span.set("egov.idempotency.outcome", "replayed")
                if kept.case_number:
                    telemetry.set_case(kept.case_number)
                self._server.audit.write(mine, "REPLAYED")
                return work.answer.FromString(kept.response)
            except Refusal as refusal:
                result = refusal
            except Exception as error:
                result = as_refusal(error) or fault(error, call.method)
            if isinstance(result, Refusal):
                span.set("egov.reason", result.reason)
                metrics.call_error(call.method.full_name, result.reason)
                self._server.audit.write(mine, result.reason)
            return result

    def _changed(self, call: Call, item: Item, work: Work[Item, Answer]) -> Answer:
        """Check it, work on it, and commit. Raises Refusal, Replayed."""
        if violations := self._rules_of(item)(item):
            raise invalid(*violations)
        with Transaction(self._runtime, call) as uow:
            answer = work.do(item, uow)
            call.response = answer.SerializeToString()
            uow.commit()
        return answer


class ItemsProvider(DependencyProvider):
    """Gives each worker what works on items. Their rules are compiled once for a process."""

    server = RpcServer()

    def setup(self) -> None:
        """Nothing is compiled yet."""
        self._rules: dict[str, Check] = {}

    def get_dependency(self, worker_ctx: WorkerContext) -> Items:
        """The same for every worker."""
        return Items(self.container.runtime, self.server, self._rules_of)

    def _rules_of(self, item: Message) -> Check:
        name = item.DESCRIPTOR.full_name
        if name not in self._rules:
            self._rules[name] = compile_rules(cast(Descriptor, item.DESCRIPTOR))
        return self._rules[name]


def ItemWork() -> Items:
    """Declare it: `items = ItemWork()`."""
    return cast(Items, ItemsProvider())


def item_refusal(refusal: Refusal) -> refusals_pb2.ItemRefusal:
    """Why an item was refused, for an answer, in both languages."""
    return refusals_pb2.ItemRefusal(
        reason=refusal.reason,
        text_zh=texts.text(refusal.reason, "zh-CN", refusal.params),
        text_en=texts.text(refusal.reason, "en", refusal.params),
        violations=[
            refusals_pb2.ItemViolation(
                field=each.field,
                reason=each.rule.upper(),
                text_zh=texts.text(each.rule, "zh-CN", each.params),
                text_en=texts.text(each.rule, "en", each.params),
            )
            for each in refusal.violations
        ],
        try_again=refusal.kind in PASSING,
    )
