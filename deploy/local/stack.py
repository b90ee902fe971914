"""One whole stack: what `make run` runs, and what the tests run against.

    with Stack(folder) as stack:
        stack.kill_part("kafka")
        stack.start_part("kafka")

Two stacks with free ports and folders of their own stand side by side without knowing of each other.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Collection, Mapping
from pathlib import Path

import psycopg

from deploy.local import fetch, parts, pki, stackfile
from deploy.local.assembly import Assembly
from deploy.local.errors import StackError
from deploy.local.kafka import Kafka
from deploy.local.places import Places, forget, home_for, unprivileged
from deploy.local.ports import LOOPBACK, Ports, address_of
from deploy.local.postgres import Passwords, Postgres
from deploy.local.supervised import Part, State
from deploy.local.supervisor import Say, Supervisor
from deploy.local.wiring import Wiring

STATE_FILE = "stack.json"
LOCK_FILE = "lock"


class Stack:
    """The parts of one stack under `folder`.

    `only`: names of the parts to start, None for all. `host`: an address of this machine that the gateway listens on
    instead of the loopback one. `environment`: what may name existing servers and EGOV_* settings; None: our own.
    `replicas`: services of which a second process runs, the part `<name>-2`. `fronts`: those of kafka, postgres and
    mail that everybody reaches at `ports[part]`, where the caller listens and passes on to `ports.inner(part)`.
    `settings`: variables of single parts. Replicas and fronts need free ports. `say` is told what goes on. `restart`: a
    part that dies is started again. Errors are StackError.
    """

    def __init__(
        self,
        folder: Path,
        *,
        free_ports: bool = True,
        cache: Path | None = None,
        host: str = "",
        only: Collection[str] | None = None,
        environment: Mapping[str, str] | None = None,
        replicas: Collection[str] = (),
        fronts: Collection[str] = (),
        settings: Mapping[str, Mapping[str, str]] | None = None,
        say: Say = lambda text: None,
        restart: bool = False,
    ) -> None:
        self.places = Places.of(folder, cache)
        self.ports = Ports(parts.DEFAULT_PORTS, free_ports, fronts)
        self._host = host
        self._listen = address_of(host) if host else LOOPBACK
        self._only = only
        self._environment = dict(os.environ if environment is None else environment)
        self._replicas = replicas
        self._settings = settings or {}
        self._say = say
        self._restart = restart
        self._lock: int | None = None
        self._supervisor: Supervisor | None = None
        self._wiring: Wiring | None = None
        self._identities: pki.DevelopmentPki | None = None
        self.postgres: Postgres | None = None
        self.kafka: Kafka | None = None

    def __enter__(self) -> Stack:
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *error: object) -> None:
        self.stop()

    def start(self, strict: bool = True) -> None:
        """Start everything and wait until it is ready. With `strict`, a part that fails is an error."""
        self._take_lock()
        self._build()
        self._check_ports()
        self.supervisor.start()
        self._write_state()
        failed = self.supervisor.failures()
        if strict and failed:
            raise StackError("; ".join(f"{part.name} failed: {part.problem}" for part in failed))

    def stop(self) -> None:
        """Stop everything, in order. What was committed is there at the next start."""
        if self._supervisor is not None:
            self._supervisor.stop()
            self._supervisor = None
        self.ports.release()
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def forget(self) -> None:
        """Delete the stack's state; the cache stays. Raises StackError while it runs."""
        self._take_lock()
        forget(self.places.run / "postgres")
        for path in self.places.run.iterdir():
            if path not in (self.places.cache, *self.places.cache.parents):
                forget(path)
        self.stop()

    @property
    def started(self) -> bool:
        """Whether a part was started."""
        known = self._supervisor.parts.values() if self._supervisor is not None else ()
        return any(part.state is not State.WAITING for part in known)

    @property
    def supervisor(self) -> Supervisor:
        """What runs the parts. Raises StackError before the start."""
        if self._supervisor is None:
            raise StackError("the stack is not started")
        return self._supervisor

    @property
    def wiring(self) -> Wiring:
        """What each part is told. Raises StackError before the start."""
        if self._wiring is None:
            raise StackError("the stack is not started")
        return self._wiring

    @property
    def identities(self) -> pki.DevelopmentPki:
        """The development roots of this stack; the same ones that its parts are told of."""
        if self._identities is None:
            self._identities = pki.DevelopmentPki(self.places.private("tls"), self._host)
        return self._identities

    def part(self, name: str) -> Part:
        """One part; KeyError when there is none of that name."""
        return self.supervisor.parts[name]

    def restart_part(self, name: str, environment: Mapping[str, str] | None = None) -> None:
        """Stop one part and start it again, with these variables beside its own for this and later starts."""
        self.supervisor.stop_part(name)
        self.start_part(name, environment)

    def start_part(self, name: str, environment: Mapping[str, str] | None = None) -> None:
        """Start one part that was stopped, killed or died, and wait until it is ready."""
        child = self.part(name).child
        if child is not None:
            child.env.update(environment or {})
        self.supervisor.start_part(name)
        self._write_state()

    def stop_part(self, name: str) -> None:
        """Stop one part in good order."""
        self.supervisor.stop_part(name)

    def kill_part(self, name: str) -> None:
        """End one part as a crash would."""
        self.supervisor.kill_part(name)

    def pause(self, name: str) -> None:
        """Freeze one part: its connections stay open, nothing answers."""
        if (child := self.part(name).child) is not None:
            child.pause()

    def resume(self, name: str) -> None:
        """Let a frozen part go on."""
        if (child := self.part(name).child) is not None:
            child.resume()

    def env_for(self, part: str) -> dict[str, str]:
        """The environment of a part's process; of a service that is not started, what it would be."""
        if self._supervisor is not None and part in self._supervisor.parts:
            child = self._supervisor.parts[part].child
            return dict(child.env) if child is not None else {}
        return self.wiring.service(next(service for service in parts.SERVICES if service.name == part), part)

    def addresses(self) -> dict[str, str]:
        """Where each port of the parts that run is, by name; `gateway` as base URL."""
        named = {name: self.ports.address(name) for part in self.supervisor.parts for name in parts.ports_of(part)}
        return named | ({"gateway": self.wiring.gateway_url} if "gateway" in named else {})

    def admin_url(self, service: str) -> str:
        """Where a service tells its health, metrics and status."""
        return f"http://{self.ports.address(f'{service}-admin')}"

    def database(self, service: str, *, owner: bool = False) -> psycopg.Connection:
        """A connection to a service's database, as the service or as its owner, each statement on its own."""
        return psycopg.connect(self.wiring.database(service, owner), autocommit=True)

    def where(self) -> stackfile.Stack:
        """What a client of the stack needs to know."""
        return stackfile.from_json(self.wiring.stack_file(), self.places.run)

    def _build(self) -> None:
        environment = self._environment
        identities = self.identities
        log = self.places.folder("logs")
        missing = any(not environment.get(f"DATABASE_URL_{name.upper()}") for name in parts.names())
        if missing and self._wants("postgres"):
            self.postgres = self._postgres(identities, log / "postgres.log")
        if not environment.get("KAFKA_BOOTSTRAP_SERVERS") and self._wants("kafka"):
            self.kafka = self._kafka(identities, log / "kafka.log")
        hosts = {"host": self._host, "listen": self._listen}
        self._wiring = Wiring(
            self.places,
            self.ports,
            identities,
            self.postgres,
            environment=environment,
            replicas=self._replicas,
            **hosts,
        )
        assembly = Assembly(self.places, self.ports, self._wiring, identities, environment, self.postgres, self.kafka)
        built = assembly.build(self._wants)
        for part in built:
            if part.child is not None:
                part.child.env.update(self._settings.get(part.name, {}))
        restarted = self._write_state if self._restart else None
        self._supervisor = Supervisor(built, self._say, restarted=restarted)

    def _wants(self, part: str) -> bool:
        """A replica is wanted by being named, any other part unless others are."""
        if part.endswith(parts.REPLICA):
            return part.removesuffix(parts.REPLICA) in self._replicas
        return self._only is None or part in self._only

    def _postgres(self, identities: pki.DevelopmentPki, log: Path) -> Postgres:
        account = unprivileged()
        into = home_for(self.places.cache / "postgres", account)
        binaries = fetch.postgres_binaries(self.places.cache, into, self._say)
        passwords = Passwords(self.places.private("secrets"))
        identity, folder = identities.workload("postgres"), self.places.run / "postgres"
        where = {"port": self.ports.inner("postgres"), "front": self.ports["postgres"]}
        return Postgres(binaries, folder, identity, passwords, parts.names(), **where, log=log, account=account)

    def _kafka(self, identities: pki.DevelopmentPki, log: Path) -> Kafka:
        jars = fetch.kafka_jars(self.places.cache, self._say)
        where = {"port": self.ports.inner("kafka"), "front": self.ports["kafka"]}
        controller = self.ports["kafka-controller"]
        folder, identity = self.places.private("kafka"), identities.workload("kafka")
        return Kafka(jars, folder, identity, **where, controller_port=controller, log=log)

    def _check_ports(self) -> None:
        for part in self.supervisor.parts:
            for name in parts.ports_of(part):
                if name not in self.ports.fronts:
                    self.ports.check_free(name, self._listen if name == "gateway" else LOOPBACK)

    def _take_lock(self) -> None:
        path = self.places.folder(".") / LOCK_FILE
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(descriptor)
            raise StackError(
                f"a stack runs in {self.places.run} already: use it, or stop it first with Ctrl-C where it was started"
            ) from None
        self._lock = descriptor

    def _write_state(self) -> None:
        """Tell others where the stack is; see `stackfile`. `processes` is for `make status`, `pid` for `make renew`."""
        processes = {
            part.name: {"pid": part.child.pid, "state": part.state.value, "log": str(part.child.log)}
            for part in self.supervisor.parts.values()
            if part.child is not None
        }
        content = {**self.wiring.stack_file(), "pid": os.getpid(), "processes": processes, "ports": self.addresses()}
        pki.write_private(self.places.run / STATE_FILE, json.dumps(content, indent=1).encode())
