"""Golden wire files: for each event, the bytes and headers that are out in the world.

Kafka keeps events for weeks and the log of record keeps them for years, so that what was once written must be read for
good. `golden/<event>.<number>.json` holds one event as JSON, its bytes as hex and its headers. A file is never changed.

To add one on purpose, after a new event, field or part of the envelope: `python -m tests.contract.golden`. It writes a
file with every field set for each event that has none, or whose newest lacks a field or a header; it touches no other.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from google.protobuf import json_format
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from services.chassis.envelope import seal
from tests.contract.system import events

FOLDER = Path(__file__).parent / "golden"
MOMENT = datetime(2026, 11, 23, 4, 5, 6, 789000, tzinfo=UTC)
ID = "0198c0de-0000-7000-8000-0000000000{:02x}"
# The place of the last value of an enum; the first is the default.
LAST = -1


def files_of(event: Descriptor) -> list[Path]:
    """The golden files of an event, oldest first."""
    return sorted(FOLDER.glob(f"{event.full_name}.*.json"), key=lambda file: int(file.name.split(".")[-2]))


def rendered(event: Message) -> dict[str, Any]:
    """An event as a golden file holds it."""
    source = f"/egov/{event.DESCRIPTOR.full_name.split('.')[1]}"
    envelope = seal(event, id=ID.format(0), source=source, time=MOMENT, case_number=None, actor=None)
    return {
        "message": json_format.MessageToDict(event, always_print_fields_with_no_presence=True),
        "wire": event.SerializeToString(deterministic=True).hex(),
        "headers": envelope.headers(),
    }


def complete(kind: Descriptor) -> Message:
    """An event with every field set, the same each time."""
    return filled(GetMessageClass(kind)())


def filled(message: Message) -> Message:
    """Sets every field of a message to a value that its number decides."""
    for field in message.DESCRIPTOR.fields:
        if field.message_type is not None and field.message_type.GetOptions().map_entry:
            raise NotImplementedError(f"{field.full_name}: events have no maps")
        if field.is_repeated:
            getattr(message, field.name).extend([value_of(field)])
        elif field.message_type is not None:
            getattr(message, field.name).CopyFrom(value_of(field))
        else:
            setattr(message, field.name, value_of(field))
    return message


def value_of(field: Any) -> Any:
    """A value for a field: not the default, and of the form that the field's name promises."""
    if field.message_type is not None:
        made: Any = GetMessageClass(field.message_type)()
        if field.message_type.full_name == "google.protobuf.Timestamp":
            made.FromDatetime(MOMENT)
            return made
        return filled(made)
    if field.enum_type is not None:
        return field.enum_type.values[LAST].number
    if field.type == FieldDescriptor.TYPE_STRING:
        return text_of(field)
    if field.type == FieldDescriptor.TYPE_BYTES:
        return bytes([field.number])
    return True if field.type == FieldDescriptor.TYPE_BOOL else field.number


def text_of(field: Any) -> str:
    """A text such as the field would hold."""
    known = {
        "case_number": "371102-20261123-2000427-K",
        "region": "371102001001",
        "holder": "department/371102-ZHZX",
        "department": "371102-SCJG",
        "standard": "GB/T 47678.5-2026",
        "code": "01001",
    }
    return known.get(field.name) or (ID.format(field.number) if field.name.endswith("id") else f"text-{field.number}")


def lacks_a_field(kind: Descriptor) -> bool:
    """Whether the newest golden file of an event leaves a field at its default or lacks a header, or there is none."""
    files = files_of(kind)
    if not files:
        return True
    golden = json.loads(files[-1].read_text("utf-8"))
    newest = GetMessageClass(kind).FromString(bytes.fromhex(golden["wire"]))
    return bool(unset(newest)) or golden["headers"].keys() != rendered(newest)["headers"].keys()


def unset(message: Message) -> list[str]:
    """Fields that are at their default, here or in a message inside, by full name."""
    present = {field.name: value for field, value in message.ListFields()}
    found = [field.full_name for field in message.DESCRIPTOR.fields if field.name not in present]
    for value in present.values():
        inner = value if hasattr(value, "__len__") and not isinstance(value, str | bytes) else [value]
        for each in inner:
            if isinstance(each, Message) and each.DESCRIPTOR.full_name.startswith("egov."):
                found += unset(each)
    return found


def main() -> None:
    """Writes what is missing."""
    FOLDER.mkdir(exist_ok=True)
    for kind in events():
        if lacks_a_field(kind):
            file = FOLDER / f"{kind.full_name}.{len(files_of(kind)) + 1}.json"
            content = json.dumps(rendered(complete(kind)), ensure_ascii=False, indent=2)
            file.write_text(content + "\n", encoding="utf-8")
            print(f"wrote tests/contract/golden/{file.name}")


if __name__ == "__main__":
    main()
