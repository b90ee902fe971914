"""Settings: one typed, frozen object read from the environment.

Every bad or missing key is reported at once, by name. Secrets hide themselves: printing one shows `***`.
"""

from __future__ import annotations

import dataclasses
import typing
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

T = TypeVar("T")


class ConfigurationError(Exception):
    """The environment does not hold what the process needs; `problems` names each key and what is wrong with it."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("configuration: " + "; ".join(problems))
        self.problems = problems


class Secret:
    """A text that does not show itself in logs, error texts or reprs."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The text itself; call it only where it is used."""
        return self._text

    def __repr__(self) -> str:
        return "***"


# Names of this machine to itself, as addresses and URLs have them.
LOOPBACK = ("127.0.0.1", "localhost", "::1", "[::1]")


class Address(NamedTuple):
    """A host and a port, written `host:port`."""

    host: str
    port: int

    @classmethod
    def parse(cls, text: str) -> Address:
        """Read `host:port`; ValueError when the port is not a number from 0 to 65535."""
        host, separator, port = text.strip().rpartition(":")
        if not separator or not host or not port.isdigit() or int(port) > 65535:
            raise ValueError("must be host:port")
        return cls(host, int(port))

    @property
    def on_this_machine(self) -> bool:
        """No other machine reaches it."""
        return self.host in LOOPBACK

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


def _boolean(text: str) -> bool:
    if text.lower() in ("1", "true", "yes", "on"):
        return True
    if text.lower() in ("0", "false", "no", "off"):
        return False
    raise ValueError("must be true or false")


def whole(lowest: int, highest: int) -> Callable[[str], int]:
    """A parser of whole numbers within these bounds."""
    return lambda text: int(_within(int(text), lowest, highest))


def number(lowest: float, highest: float) -> Callable[[str], float]:
    """A parser of numbers within these bounds."""
    return lambda text: _within(float(text), lowest, highest)


def one_of(*choices: str) -> Callable[[str], str]:
    """A parser that takes nothing but these words."""

    def parse(text: str) -> str:
        if text not in choices:
            raise ValueError(f"must be one of {', '.join(choices)}")
        return text

    return parse


def _within(value: float, lowest: float, highest: float) -> float:
    if not lowest <= value <= highest:
        raise ValueError(f"must be from {lowest:g} to {highest:g}")
    return value


def _file(text: str) -> Path:
    path = Path(text)
    if not path.is_file():
        raise ValueError("names no readable file")
    return path


def addresses(text: str) -> tuple[Address, ...]:
    """Read `host:port[,host:port]`; ValueError as Address.parse."""
    return tuple(Address.parse(part) for part in text.split(",") if part.strip())


PARSERS: Mapping[Any, Callable[[str], Any]] = {
    str: str,
    int: int,
    float: float,
    bool: _boolean,
    Secret: Secret,
    Path: _file,
    Address: Address.parse,
    tuple[Address, ...]: addresses,
}


def setting(
    key: str,
    meaning: str,
    *,
    default: Any = dataclasses.MISSING,
    parse: Callable[[str], Any] | None = None,
) -> Any:
    """Declare one field of a settings dataclass.

    `key` is the environment variable; `{SERVICE}` in it stands for the service's name in capitals. `meaning` says what
    it is, with its unit. Without `default` the key must be set. `parse` turns the text into the value and raises
    ValueError with the rule; without it the field's type decides.
    """
    return dataclasses.field(default=default, metadata={"key": key, "meaning": meaning, "parse": parse})


def read(cls: type[T], environment: Mapping[str, str], *, service: str = "") -> T:
    """Fill a settings dataclass from the environment.

    Raises ConfigurationError with every missing or bad key.
    """
    return typing.cast(T, read_all((cls,), environment, service=service)[0])


def read_all(
    classes: tuple[type, ...], environment: Mapping[str, str], *, service: str = "", known_problems: Sequence[str] = ()
) -> tuple[Any, ...]:
    """Fill several settings dataclasses; the problems of all of them, and those known already, are reported together.

    A class may have a method `problems`, which says what does not fit together in an object of it.
    """
    problems: list[str] = []
    filled = [_filled(cls, environment, service, problems) for cls in classes]
    problems += known_problems
    if problems:
        raise ConfigurationError(problems)
    return tuple(filled)


def _filled(cls: type, environment: Mapping[str, str], service: str, problems: list[str]) -> Any:
    """One object. What is wrong is added to `problems`; then fields that must be set may lack their value."""
    types = typing.get_type_hints(cls)
    values: dict[str, Any] = {}
    for field in dataclasses.fields(cls):
        key = field.metadata["key"].replace("{SERVICE}", service.upper())
        text = environment.get(key, "")
        if not text:
            if field.default is dataclasses.MISSING:
                problems.append(f"{key} is missing ({field.metadata['meaning']})")
                values[field.name] = None
            continue
        parse = field.metadata["parse"] or PARSERS[_plain(types[field.name])]
        try:
            values[field.name] = parse(text)
        except ValueError as error:
            problems.append(f"{key} {_rule(error)}")
            values[field.name] = None
    made = cls(**values)
    named = {problem.split()[0] for problem in problems}
    problems += [problem for problem in getattr(made, "problems", list)() if problem.split()[0] not in named]
    return made


def _plain(kind: Any) -> Any:
    """`X | None` without the None."""
    options = [option for option in typing.get_args(kind) if option is not type(None)]
    return options[0] if len(options) == 1 and type(None) in typing.get_args(kind) else kind


def _rule(error: ValueError) -> str:
    """The rule that a value broke, without the value: it may be a secret."""
    text = str(error)
    return text if text.startswith(("must", "names")) else "is not of the right form"
