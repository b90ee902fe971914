"""Asking oneself: a worker of the HTTP door calls the service's own methods, for a person who is signed in there.

A page must show nobody more than the contract does. So a call passes what every call from outside passes behind the
step that tells who calls: deny list, audit, access, region bound, validation. Only that step is not taken: who calls
is what the person's access token said when they signed in.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from google.protobuf.message import Message
from nameko.containers import WorkerContext
from nameko.extensions import DependencyProvider

from services.chassis.audit import AuditWriter
from services.chassis.call import Call
from services.chassis.contract import Method
from services.chassis.denylist import deny_list
from services.chassis.entrypoints import Rpc
from services.chassis.interceptors import BEHIND_CALLER, compose
from services.chassis.interceptors.caller import caller_of
from services.chassis.interceptors.errors import errors
from services.chassis.interceptors.exchange import Desk, Exchange, Step
from services.chassis.rpcserver import worker_step
from services.chassis.verifier import verifier_for
from services.kernel.ports import Caller

Steps = Mapping[str, tuple[Method, Step]]


class Asking:
    """The service's own methods inside a worker; what `self.asking` is there."""

    def __init__(self, steps: Steps, desk: Desk, call: Call) -> None:
        self._steps = steps
        self._desk = desk
        self._call = call

    def caller(self, token: str) -> Caller:
        """Who an access token speaks for. Raises Refusal TOKEN_INVALID, TOKEN_EXPIRED, TOKEN_NOT_BOUND, UNAVAILABLE."""
        return caller_of(self._desk.verifier.verify(token, peer_fingerprint=None))

    def ask(self, name: str, request: Message, caller: Caller) -> Any:
        """Call the method of that name for `caller`, in the language and time of this worker's call.

        Returns its response. Raises the Refusal that any caller would get, KeyError for a name that there is not.
        """
        method, step = self._steps[name]
        deny_list(self._desk.runtime.engine).demand_allowed(caller)
        own = self._call
        call = Call("rpc", name, caller, language=own.language, deadline=own.deadline, method=method)
        exchange = Exchange(call, request.SerializeToString(), metadata={}, peer=(), time_left=call.remaining())
        raw = step(exchange)
        if exchange.refusal is not None:
            raise exchange.refusal
        return method.response.FromString(raw)


class AskingProvider(DependencyProvider):
    """Gives each worker the service's own methods, in processes that have the HTTP door."""

    def setup(self) -> None:
        """Make the steps of every method, once."""
        self._desk: Desk | None = None
        runtime = self.container.runtime
        if "http" not in runtime.parts:
            return
        audit = AuditWriter(runtime.engine, runtime.clock)
        self._desk = Desk(runtime, verifier_for(runtime, self.container.service_cls), audit)
        entrypoints = [each for each in self.container.entrypoints if isinstance(each, Rpc)]
        self._steps = {each.declared().name: self._step(each, self._desk) for each in entrypoints}

    def start(self) -> None:
        """Begin to write the audit log."""
        if self._desk is not None:
            self._desk.audit.start()

    def stop(self) -> None:
        """Write the audit rows that are left."""
        if self._desk is not None:
            self._desk.audit.stop()

    def get_dependency(self, worker_ctx: WorkerContext) -> Asking | None:
        """The methods, for this call; None in a process without an HTTP door."""
        return Asking(self._steps, self._desk, worker_ctx.data["call"]) if self._desk is not None else None

    def _step(self, entrypoint: Rpc, desk: Desk) -> tuple[Method, Step]:
        method = entrypoint.declared()
        return method, compose(method, desk, worker_step(entrypoint), (errors, *BEHIND_CALLER))


def OwnMethods() -> Asking:
    """Declare it: `asking = OwnMethods()`."""
    return cast(Asking, AskingProvider())
