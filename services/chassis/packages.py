"""Where a service's code lies: in `services`, or, for what looks at the others, in `observability`."""

from __future__ import annotations

import importlib.util

FAMILIES = ("services", "observability")


def package_of(service: str) -> str:
    """The package of a service, such as `services.grid`. Raises ModuleNotFoundError when there is none."""
    for family in FAMILIES:
        if importlib.util.find_spec(f"{family}.{service}") is not None:
            return f"{family}.{service}"
    raise ModuleNotFoundError(f"there is no service {service!r}")
