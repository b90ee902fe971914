"""The parts of a stack, each with what it needs, how it is prepared, started, and known to be ready."""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

import yaml
from kafka.errors import KafkaError

from deploy.kafka import topics
from deploy.local import parts
from deploy.local.children import Child, answers, listens
from deploy.local.errors import StackError
from deploy.local.kafka import Kafka
from deploy.local.members import ensure_member
from deploy.local.pki import DevelopmentPki
from deploy.local.places import ROOT, Places
from deploy.local.ports import LOOPBACK, Ports
from deploy.local.postgres import Postgres
from deploy.local.prepared import Stamp, fingerprint
from deploy.local.supervised import Part
from deploy.local.wiring import COLLECTOR_KEY, Wiring
from gateway.binary import envoy_command
from services.chassis.packages import package_of

SAMPLE = ROOT / "deploy" / "local" / "sample"
# What migrations and reference data are made from.
PREPARED_FROM = (
    ROOT / "services",
    ROOT / "observability" / "casetrace",
    ROOT / "protos" / "gen" / "contract.binpb",
    SAMPLE,
)
STEP_TIMEOUT_S = 120.0


class Assembly:
    """Builds the parts. `postgres` and `kafka` are None where existing servers stand in for them."""

    def __init__(
        self,
        places: Places,
        ports: Ports,
        wiring: Wiring,
        identities: DevelopmentPki,
        environment: Mapping[str, str],
        postgres: Postgres | None,
        kafka: Kafka | None,
    ) -> None:
        self._places = places
        self._ports = ports
        self._wiring = wiring
        self._identities = identities
        self._environment = environment
        self._postgres = postgres
        self._kafka = kafka
        self._member_folders = self._members()

    def build(self, wanted: Callable[[str], bool]) -> list[Part]:
        """The parts that are `wanted` and that no existing server stands in for."""
        own: dict[str, Callable[[], Part]] = {
            "postgres": self._postgres_part,
            "kafka": self._kafka_part,
            "topics": self._topics,
            "collector": self._collector,
            "mail": self._mail,
            **{service.name: partial(self._service, service) for service in parts.SERVICES},
            **{parts.replica_of(service.name): partial(self._replica, service) for service in parts.SERVICES},
            "catalogue": self._catalogue,
            "gateway": self._gateway,
        }
        return [make() for name, make in own.items() if wanted(name) and not self._exists(name)]

    def _exists(self, name: str) -> bool:
        """Whether the environment names an existing server for this part."""
        given = {
            "postgres": self._postgres is None,
            "kafka": self._kafka is None,
            "topics": not self._environment.get("KAFKA_BOOTSTRAP_SERVERS"),
            "collector": self._environment.get(COLLECTOR_KEY),
            "mail": self._environment.get("SMTP_URL"),
        }
        return bool(given.get(name))

    def _postgres_part(self) -> Part:
        server = self._postgres
        assert server is not None
        return Part(
            "postgres", server.child, prepare=server.prepare, ready=server.ready, finish=server.provision, timeout_s=60
        )

    def _kafka_part(self) -> Part:
        server = self._kafka
        assert server is not None
        return Part(
            "kafka", server.child, prepare=server.prepare, ready=server.ready, finish=server.provision, timeout_s=90
        )

    def _topics(self) -> Part:
        """In the place of our own Kafka: its topics on the existing cluster."""
        return Part("topics", prepare=self._existing_topics)

    def _existing_topics(self) -> None:
        """Make topics and rules on the cluster that the environment names."""
        servers = self._environment["KAFKA_BOOTSTRAP_SERVERS"]
        if not any(listens(server.strip()) for server in servers.split(",")):
            raise StackError(f"nobody answers at {servers}, which KAFKA_BOOTSTRAP_SERVERS names")
        try:
            client = topics.admin_client(self._environment, timeout_ms=10_000)
            topics.apply(client, topics.read_topics())
        except KafkaError as error:
            raise StackError(f"the cluster of KAFKA_BOOTSTRAP_SERVERS did not take the topics: {error}") from error
        client.close()

    def _collector(self) -> Part:
        child = self._python("collector", ["observability.collector"], self._wiring.collector_part())
        return Part("collector", child, ready=self._readyz("collector-admin"))

    def _mail(self) -> Part:
        where = f"{LOOPBACK}:{self._ports.inner('mail')}"
        arguments = ["deploy.local.mail", "--listen", where, "--folder", str(self._places.folder("mail"))]
        return Part("mail", self._python("mail", arguments, self._wiring.base()), ready=lambda: listens(where))

    def _service(self, service: parts.Service) -> Part:
        name = service.name
        return Part(
            name,
            self._process(service, name),
            needs=("postgres",),
            # A service rides out the absence of Kafka and collector; at the first start it should not have to.
            awaits=("kafka", "topics", "collector"),
            prepare=lambda: self._prepare_service(service),
            ready=self._readyz(f"{name}-admin"),
        )

    def _replica(self, service: parts.Service) -> Part:
        """A second process of a service, on the database that the first was prepared for."""
        name = parts.replica_of(service.name)
        return Part(name, self._process(service, name), awaits=(service.name,), ready=self._readyz(f"{name}-admin"))

    def _process(self, service: parts.Service, part: str) -> Child:
        return self._python(part, ["services.chassis.run", service.name], self._wiring.service(service, part))

    def _prepare_service(self, service: parts.Service) -> None:
        """Migrate its database and load its reference data, unless the embedded one stands as it should already."""
        done = Stamp(self._places.folder("postgres") / f"{service.name}.prepared")
        wanted = fingerprint([*PREPARED_FROM, *self._member_folders])
        if self._is_kept(service) and done.says(wanted):
            return
        done.clear()
        environment = self._wiring.owner(service)
        self._step(service.name, ["services.chassis.migrate", service.name], environment)
        if service.load is not None:
            extra = [argument.format(members=self._places.run / "members") for argument in service.load]
            self._step(service.name, [f"{package_of(service.name)}.load", str(SAMPLE), *extra], environment)
        done.put(wanted)

    def _is_kept(self, service: parts.Service) -> bool:
        """Whether its database is one of ours and was there before this start."""
        existing = self._environment.get(f"DATABASE_URL_{service.name.upper()}")
        return self._postgres is not None and not self._postgres.fresh and not existing

    def _members(self) -> list[Path]:
        """The folders with the keys of the sample members."""
        folder = self._places.private("members")
        listed = yaml.safe_load((SAMPLE / "members.yaml").read_text(encoding="utf-8"))["members"]
        return [ensure_member(folder, member["client_id"], self._identities) for member in listed]

    def _catalogue(self) -> Part:
        child = self._python("catalogue", ["gateway.catalogue"], self._wiring.catalogue())
        return Part("catalogue", child, ready=self._readyz("catalogue-admin"))

    def _gateway(self) -> Part:
        configuration = self._places.private("envoy") / "envoy.json"
        child = Child(envoy_command(configuration), env={}, log=self._log("gateway"))
        return Part(
            "gateway",
            child,
            prepare=lambda: self._render(configuration),
            # It asks identity for its keys as soon as it runs.
            after=("identity",),
            ready=lambda: answers(f"http://{self._ports.address('gateway-admin')}/ready"),
        )

    def _render(self, configuration: Path) -> None:
        settings = configuration.with_name("settings.json")
        settings.write_text(json.dumps(self._wiring.gateway(), indent=1), encoding="utf-8")
        arguments = ["gateway.render", "--out", str(configuration), "--settings", str(settings)]
        self._step("gateway", arguments, self._wiring.base())

    def _step(self, part: str, arguments: Sequence[str], environment: Mapping[str, str]) -> None:
        """Run a Python command to its end. Raises StackError with what it said when it fails."""
        child = self._python(part, arguments, environment)
        code = child.run(STEP_TIMEOUT_S)
        if code != 0:
            lines = "\n".join(f"    {line}" for line in child.last_lines())
            raise StackError(f"python -m {' '.join(arguments[:2])} ended with exit code {code}; it said:\n{lines}")

    def _python(self, part: str, arguments: Sequence[str], environment: Mapping[str, str]) -> Child:
        return Child(
            [sys.executable, "-m", *arguments],
            env=environment,
            log=self._log(part),
            stop_signal=signal.SIGTERM,
            cwd=self._places.run,
        )

    def _readyz(self, port: str) -> Callable[[], bool]:
        return lambda: answers(f"http://{self._ports.address(port)}/readyz")

    def _log(self, part: str) -> Path:
        return self._places.folder("logs") / f"{part}.log"
