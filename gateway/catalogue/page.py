"""The page at `/docs`: services, methods, who may call, fields, an example call, events. No asset of another host."""

from __future__ import annotations

import json

from egov.common.v1 import options_pb2
from google.protobuf.descriptor import Descriptor, EnumDescriptor, FieldDescriptor
from markupsafe import Markup

from gateway.catalogue.html import flat, prose, tag
from gateway.catalogue.model import DURATION, TIMESTAMP, Book, is_map, personal, rules, type_name
from gateway.catalogue.samples import sample, text_sample
from gateway.catalogue.words import LANGUAGES, word
from gateway.contract import EVERY_SERVICE, Method

_HEADERS = (
    ("ce_specversion", "1.0"),
    ("ce_id", "UUIDv7"),
    ("ce_source", "/egov/<service>"),
    ("ce_type", "egov.<service>.v1.<Event>"),
    ("ce_time", "RFC 3339, UTC"),
    ("ce_subject", "aggregate id, also the Kafka key"),
    ("ce_aggregateversion", "from 1"),
    ("content-type", "application/protobuf"),
    ("traceparent", "W3C trace context"),
    ("ce_casenumber", "case number"),
    ("ce_casephase", "opens, closes"),
    ("ce_holder", "department/<code>, person/<id>, client/<id>"),
    ("ce_deadline", "RFC 3339, UTC"),
    ("ce_region", "region code"),
    ("ce_subjecttype", "codes with / between, such as GB/T 47678.5-2026/event/06010"),
    ("ce_audience", "scope"),
    ("ce_actor", "person/<id>, client/<id>, enterprise/<code>"),
    ("ce_links", "kind:id, comma separated"),
)
_DEPTH = 4  # messages inside messages that are shown; what lies deeper is named only


class Page:
    """One language's page."""

    def __init__(self, book: Book, language: str) -> None:
        self._book, self._language = book, language

    def html(self) -> str:
        """The whole document."""
        main = tag("main", self._start(), *map(self._service, self._book.services), self._events(), id="top")
        body = tag("body", self._header(), tag("div", self._sidebar(), main, class_="columns"))
        return Markup("<!doctype html>\n") + tag("html", self._head(), body, lang=self._language)

    def _word(self, name: str) -> str:
        return word(name, self._language)

    def _head(self) -> Markup:
        return tag(
            "head",
            tag("meta", charset="utf-8"),
            tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
            tag("title", self._word("title")),
            tag("link", rel="stylesheet", href="/docs/docs.css"),
            tag("script", src="/docs/docs.js", defer=""),
        )

    def _header(self) -> Markup:
        shown = {self._language: "true"}
        links = [
            tag("a", name, href=f"/docs?lang={code}", lang=code, aria_current=shown.get(code))
            for code, name in LANGUAGES.items()
        ]
        openapi = tag("a", self._word("openapi"), href="/openapi.json")
        return tag("header", tag("h1", self._word("title")), tag("nav", openapi, *links))

    def _sidebar(self) -> Markup:
        entries = []
        for service, methods in self._book.services.items():
            items = [tag("li", tag("a", method.name, href=f"#{_anchor(method)}")) for method in methods]
            entries.append(tag("section", tag("h2", service.rpartition(".")[2]), tag("ul", *items)))
        events = [tag("li", tag("a", event.name, href=f"#{event.full_name}")) for event in self._book.events()]
        entries.append(tag("section", tag("h2", self._word("events")), tag("ul", *events)))
        label = self._word("find")
        search = tag("input", type="search", id="find", placeholder=label, aria_label=label)
        return tag("nav", search, *entries, class_="side")

    def _start(self) -> Markup:
        token = (
            "curl -s https://GATEWAY/oauth2/token \\\n  -d grant_type=client_credentials \\\n"
            "  -d client_assertion_type=urn:ietf:params:oauth:client-assertion-type:jwt-bearer \\\n"
            "  -d client_assertion=SIGNED_JWT -d scope=grid.incidents.read"
        )
        return tag(
            "section",
            tag("p", self._word("intro")),
            tag("h2", self._word("start")),
            tag("p", self._word("token")),
            self._code(token),
            *(tag("p", self._word(name)) for name in ("errors", "grpc")),
        )

    def _service(self, name: str) -> Markup:
        methods = self._book.services[name]
        return tag("section", tag("h2", name), prose(self._book.comment(name)), *map(self._method, methods), id=name)

    def _method(self, method: Method) -> Markup:
        forms = [(tag("b", one.verb), " ", tag("code", one.template)) for one in method.bindings]
        routes = [tag("p", form, class_="route") for form in forms]
        request, response = (self._book.message(name) for name in (method.input_type, method.output_type))
        return tag(
            "article",
            tag("h3", method.name),
            *routes,
            tag("p", tag("code", f"/{method.full_name}"), class_="route"),
            prose(self._book.comment(method.full_name)),
            self._who(method),
            tag("h4", self._word("example")),
            self._code(example(self._book, method)),
            self._fields("request", request),
            self._fields("response", response),
            id=_anchor(method),
        )

    def _who(self, method: Method) -> Markup:
        outward = method.access.outward
        facts: list[Markup] = []
        if method.anonymous:
            facts.append(tag("li", self._word("anyone")))
        else:
            facts.append(tag("li", f"{self._word('scope')} ", tag("code", outward.scope)))
        if outward.lowest_level:
            level = options_pb2.AssuranceLevel.Name(outward.lowest_level).removeprefix("ASSURANCE_LEVEL_")
            facts.append(tag("li", f"{self._word('level')} {level}"))
        if method.access.region_bound:
            facts.append(tag("li", self._word("region")))
        if not method.read_only:
            facts.append(tag("li", self._word("changing")))
        return tag("h4", self._word("who")) + tag("ul", *facts)

    def _fields(self, heading: str, message: Descriptor) -> Markup:
        rows = self._rows(message, "", 0)
        if not rows:
            return tag("details", tag("summary", self._word(heading)), tag("p", self._word("none")))
        heads = [tag("th", self._word(name), scope="col") for name in ("field", "type", "rule", "meaning")]
        table = tag("table", tag("thead", tag("tr", *heads)), tag("tbody", *rows))
        return tag("details", tag("summary", self._word(heading)), tag("div", table, class_="scroll"))

    def _rows(self, message: Descriptor, prefix: str, depth: int) -> list[Markup]:
        rows: list[Markup] = []
        for field in message.fields:
            rows.append(self._row(field, f"{prefix}{field.json_name}"))
            inner = field.message_type
            if inner is None or is_map(field) or inner.full_name in (TIMESTAMP, DURATION) or depth == _DEPTH:
                continue
            mark = "[]" if field.is_repeated else ""
            rows += self._rows(inner, f"{prefix}{field.json_name}{mark}.", depth + 1)
        return rows

    def _row(self, field: FieldDescriptor, path: str) -> Markup:
        comment = prose(self._book.field_comment(field))
        if field.enum_type is not None:
            comment += self._values(field.enum_type)
        cells = (tag("code", path), type_name(field), ", ".join(self._rules(field)), comment)
        return tag("tr", *(tag("td", cell) for cell in cells))

    def _values(self, enum: EnumDescriptor) -> Markup:
        items = [
            tag("li", tag("code", value.name), " ", self._book.comment(f"{enum.full_name}.{value.name}"))
            for value in enum.values
        ]
        return tag("details", tag("summary", self._word("values")), tag("ul", *items))

    def _rules(self, field: FieldDescriptor) -> list[str]:
        rule = rules(field)
        marks = {"required": rule.required, "personal": personal(field)}
        found = [self._word(name) for name, is_so in marks.items() if is_so]
        if rule.required_unless:
            found.append(f"{self._word('required_unless')} {rule.required_unless}")
        if rule.min_length:
            found.append(f"≥ {rule.min_length}")
        if rule.max_length:
            found.append(f"≤ {rule.max_length}")
        if rule.HasField("minimum"):
            found.append(f"≥ {rule.minimum}")
        if rule.HasField("maximum"):
            found.append(f"≤ {rule.maximum}")
        if rule.max_items:
            found.append(f"≤ {rule.max_items} ×")
        if rule.code:
            found.append(options_pb2.CodeKind.Name(rule.code).removeprefix("CODE_KIND_"))
        return [*found, rule.pattern] if rule.pattern else found

    def _events(self) -> Markup:
        rows = [tag("tr", tag("td", tag("code", name)), tag("td", meaning)) for name, meaning in _HEADERS]
        envelope = tag("table", tag("tbody", *rows))
        heads = (tag("h2", self._word("events")), tag("h3", self._word("envelope")))
        about = tag("p", self._word("envelope_text"))
        return tag("section", *heads, about, envelope, *map(self._event, self._book.events()), id="events")

    def _event(self, event: Descriptor) -> Markup:
        option = event.GetOptions().Extensions[options_pb2.event]
        facts = [tag("li", f"{self._word('topic')} ", tag("code", event.file.package))]
        phases = {options_pb2.CASE_PHASE_OPENS: "opens", options_pb2.CASE_PHASE_CLOSES: "closes"}
        if option.case_phase in phases:
            facts.append(tag("li", self._word(phases[option.case_phase])))
        if option.own_case_only:
            facts.append(tag("li", self._word("own_case_only")))
        if option.audience:
            facts.append(tag("li", f"{self._word('audience')} ", tag("code", option.audience)))
        heading = tag("h3", event.name)
        about = prose(self._book.comment(event.full_name))
        return tag("article", heading, about, tag("ul", *facts), self._fields("fields", event), id=event.full_name)

    def _code(self, text: str) -> Markup:
        copy = tag("button", self._word("copy"), type="button", class_="copy", data_done=self._word("copied"))
        return tag("div", copy, tag("pre", tag("code", text)), class_="code")


def _anchor(method: Method) -> str:
    return method.full_name


def example(book: Book, method: Method) -> str:
    """A curl call that is right in form; `GATEWAY`, `TOKEN` and `KEY` stand for the reader's own."""
    if not method.bindings:
        return str(flat(f"buf curl https://GATEWAY/{method.full_name} --data '{{}}'"))
    binding, message = method.bindings[0], book.message(method.input_type)
    path = binding.template
    names_service = method.owner == EVERY_SERVICE
    for name in binding.variables:
        named = names_service and name == "service"
        path = path.replace(f"{{{name}}}", "grid" if named else text_sample(message.fields_by_name[name]))
    lines = [f"curl -X {binding.verb} https://GATEWAY{path}"]
    if not method.anonymous:
        lines.append("-H 'Authorization: Bearer TOKEN'")
    if not method.read_only:
        lines.append("-H 'Idempotency-Key: KEY'")
    if binding.body:
        body = json.dumps(sample(message, frozenset(binding.variables)), ensure_ascii=False)
        lines += ["-H 'Content-Type: application/json'", f"-d '{body}'"]
    return " \\\n  ".join(lines)
