"""The table: every event with what it says and who takes it, and every read, as a page."""

from __future__ import annotations

from collections.abc import Iterator

from deploy.chain.reading import Chain, Event, Read

HEAD = """# Every event and every read 事件与查询一览

Written by `make pictures` from the contract and the service classes; never edited by hand. The same as a picture:
[chain.svg](chain.svg). What an event holds, field by field: `protos/egov/<service>/v1/events.proto`. How one is added:
[architecture/changing-an-event.md](architecture/changing-an-event.md).

A service publishes on its own topic, `egov.<service>.v1`. *Scope*: what a member system's token must hold to read it.
"""
OF_CHASSIS = "Any service, on its own topic, about an event that it took or could not take."


def page(chain: Chain) -> str:
    """The page in Markdown."""
    return "\n".join(_lines(chain)) + "\n"


def _lines(chain: Chain) -> Iterator[str]:
    yield HEAD
    for service, known_as in chain.services.items():
        events = [event for event in chain.events if event.publisher == service and not event.of_chassis]
        if events:
            yield f"## {service} ({known_as}) publishes\n"
            yield from _table(events)
    if rest := [event for event in chain.events if event.of_chassis]:
        yield f"## The chassis publishes\n\n{OF_CHASSIS}\n"
        yield from _table(rest)
    yield "## Services ask\n"
    yield "| method | asked | by | what it says |\n|---|---|---|---|"
    yield from map(_read, chain.reads)


def _table(events: list[Event]) -> Iterator[str]:
    yield "| event | says | taken by (consumer: method) | scope |\n|---|---|---|---|"
    yield from map(_event, events)
    yield ""


def _event(event: Event) -> str:
    own = f"; {event.own_phase} the case when {event.publisher} opened it" if event.own_phase else ""
    phase = f"; {event.phase} the case" if event.phase else own
    return f"| `{event.short}`{phase} | {event.sentence} | {_taken_by(event)} | {_code(event.audience)} |"


def _taken_by(event: Event) -> str:
    own = [f"{each.service} (`{each.consumer}`: `{each.method}`)" for each in event.takings if not each.shared]
    shared = [f"every service (`{each.consumer}`: `{each.method}`)" for each in event.takings if each.shared]
    if event.of_chassis and own:
        own[0] = f"from {event.publisher}: {own[0]}"
    return "<br>".join([*own, *dict.fromkeys(shared)]) or "nobody inside; for members"


def _read(read: Read) -> str:
    return f"| `{read.method}` | {read.asked} | {', '.join(read.askers)} | {read.sentence} |"


def _code(text: str) -> str:
    return f"`{text}`" if text else ""
