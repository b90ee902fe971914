"""Decorators by which a service class says what it does: `@rpc`, `@on`, `@on_any`, `@job`, `@every`, `@due`, `@http`.

Each is a nameko Entrypoint that hands itself to the server, consumer, runner, timer or door that all of its kind share.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Literal, TypeVar, cast, overload

from google.protobuf.descriptor import ServiceDescriptor
from google.protobuf.message import Message
from nameko.extensions import Entrypoint

from services.chassis.call import Call
from services.chassis.consumers import Consumers
from services.chassis.contract import ContractError, Method, event_kind, methods_of, topic_of
from services.chassis.due import Dues
from services.chassis.envelope import Envelope
from services.chassis.httpdoor import HttpDoor
from services.chassis.jobs import JobRunner
from services.chassis.rpcserver import RpcServer
from services.chassis.timers import Timers

F = TypeVar("F", bound=Callable[..., Any])
Start = Literal["beginning", "end"]
BEGINNING: Start = "beginning"
END: Start = "end"
_DUE_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


class _ChassisEntrypoint(Entrypoint):
    part: str

    def method_returned(self, call: Call, result: Any) -> None:
        """Called between the method and the commit."""

    def setup(self) -> None:
        """Join the shared extension, unless this process does not run this part."""
        if self.part in self.container.runtime.parts:
            self.join()

    def join(self) -> None:
        """Hand this entrypoint to what drives it."""
        raise NotImplementedError


class Rpc(_ChassisEntrypoint):
    """A method of the contract: the one with the name of the decorated method."""

    part = "rpc"
    server = RpcServer()

    def __init__(self, contract: ServiceDescriptor | None = None, **kwargs: Any) -> None:
        self._contract = contract
        super().__init__(**kwargs)

    def declared(self) -> Method:
        """What the contract says of it. Raises ContractError when the contract has no method of that name."""
        contract = self._contract or self.container.service_cls.contract
        methods = methods_of(contract)
        if self.method_name not in methods:
            raise ContractError(f"{contract.full_name} has no method {self.method_name}")
        return methods[self.method_name]

    def join(self) -> None:
        """Be served."""
        self.server.serve(self)

    def method_returned(self, call: Call, result: Message) -> None:
        """Serialise the answer before the commit, since its bytes are kept with the outcome."""
        call.response = result.SerializeToString()


class On(_ChassisEntrypoint):
    """A consumer of events. Declarations of one `id` are one consumer, which keeps their order.

    `start` says where a new consumer begins: at the `beginning` of the topic or at its `end`. A service's event stands
    on that service's topic; the chassis's stand on every topic, so that for those alone `topic` says which is meant.
    """

    part = "events"
    observes = False
    threads = 1
    consumers = Consumers()

    def __init__(self, event: type[Message], *, id: str, start: Start, topic: str = "", **kwargs: Any) -> None:
        self.kind = event_kind(event.DESCRIPTOR)
        if bool(topic) != self.kind.name.startswith("egov.chassis."):
            raise ContractError(f"consumer {id}: a topic is named for events of the chassis, and for no others")
        self.topic = topic or topic_of(self.kind.name)
        self.id = id
        self.start_at = start
        super().__init__(**kwargs)

    def join(self) -> None:
        """Be consumed."""
        self.consumers.declare(self)

    def opened(self, envelope: Envelope, body: bytes) -> Message:
        """What the method is handed. Raises DecodeError for a body that is not the message."""
        return self.kind.message.FromString(body)


class OnAny(_ChassisEntrypoint):
    """An observer: the consumer of the envelopes of all topics of the backbone but the service's own.

    Topics are those that Kafka has, also those made later. Bodies are neither decoded nor kept. The method takes what
    lies at hand together: a list of envelopes, of one partition in order, and the call. It leaves no span, since it is
    no part of what it observes; and of its own topic it is told nothing, since a fact about an event that it could not
    take might be the next that it cannot. It is told of each event at least once, and has no inbox: what it keeps tells
    it by the event's id what it knows already. `threads` take partitions side by side; each holds a connection.
    """

    part = "events"
    observes = True
    consumers = Consumers()

    def __init__(self, *, id: str, start: Start, threads: int = 1, **kwargs: Any) -> None:
        self.id = id
        self.start_at = start
        self.threads = threads
        super().__init__(**kwargs)

    def join(self) -> None:
        """Be consumed."""
        self.consumers.declare(self)

    def opened(self, envelope: Envelope, body: bytes) -> list[Envelope]:
        """What the method is handed for an event that is taken by itself."""
        return [envelope]


class JobMethod(_ChassisEntrypoint):
    """Durable work after a commit, claimed under a lease and retried with back-off."""

    part = "jobs"
    runner = JobRunner()

    def __init__(self, tries: int = 10, limit_seconds: float = 60.0, **kwargs: Any) -> None:
        self.tries = tries
        self.limit_seconds = limit_seconds
        super().__init__(**kwargs)

    def join(self) -> None:
        """Be run."""
        self.runner.declare(self)


class Every(_ChassisEntrypoint):
    """Work by the clock. The method returns True when there is more to do at once."""

    part = "timers"
    timers = Timers()

    def __init__(self, seconds: float, **kwargs: Any) -> None:
        self.seconds = seconds
        super().__init__(**kwargs)

    def join(self) -> None:
        """Be timed."""
        self.timers.declare(self)


class DueMethod(_ChassisEntrypoint):
    """Work at a moment that was set for a thing with `uow.set_due`, in one transaction with the row's end."""

    part = "timers"
    dues = Dues()

    def __init__(self, name: str, **kwargs: Any) -> None:
        if not _DUE_NAME.fullmatch(name):
            raise ContractError(f"{name} is no name of what is due: lower-case words with hyphens")
        self.name = name
        super().__init__(**kwargs)

    def join(self) -> None:
        """Be called when the moment has come."""
        self.dues.declare(self)


class Http(_ChassisEntrypoint):
    """A route of the HTTP door: werkzeug's Request in, its Response out. For what is not gRPC by its standard."""

    part = "http"
    door = HttpDoor()

    def __init__(self, verb: str, path: str, **kwargs: Any) -> None:
        self.verb = verb
        self.path = path
        super().__init__(**kwargs)

    def join(self) -> None:
        """Be served."""
        self.door.serve(self)


@overload
def rpc(method: F) -> F: ...
@overload
def rpc(*, contract: ServiceDescriptor) -> Callable[[F], F]: ...
def rpc(method: Any = None, **settings: Any) -> Any:
    """Serve the contract's method of this name. `contract` is another service descriptor than the class's own."""
    return Rpc.decorator(method) if method else Rpc.decorator(**settings)


def on(event: type[Message], *, id: str, start: Start, topic: str = "") -> Callable[[F], F]:
    """Take events of this type. See `On`."""
    return cast(Callable[[F], F], On.decorator(event, id=id, start=start, topic=topic))


def on_any(*, id: str, start: Start, threads: int = 1) -> Callable[[F], F]:
    """Take the envelopes of all topics. See `OnAny`."""
    return cast(Callable[[F], F], OnAny.decorator(id=id, start=start, threads=threads))


@overload
def job(method: F) -> F: ...
@overload
def job(*, tries: int = 10, limit_seconds: float = 60.0) -> Callable[[F], F]: ...
def job(method: Any = None, **settings: Any) -> Any:
    """Run jobs of this method's name. At most `tries` tries, each of `limit_seconds` at most."""
    return JobMethod.decorator(method) if method else JobMethod.decorator(**settings)


def every(*, seconds: float) -> Callable[[F], F]:
    """Run the method every so many seconds, in every replica."""
    return cast(Callable[[F], F], Every.decorator(seconds=seconds))


def due(name: str) -> Callable[[F], F]:
    """Do what `uow.set_due` set by this name, once its moment has come; see `services.chassis.due`."""
    return cast(Callable[[F], F], DueMethod.decorator(name))


def http(verb: str, path: str) -> Callable[[F], F]:
    """Answer this route at the HTTP door."""
    return cast(Callable[[F], F], Http.decorator(verb, path))
