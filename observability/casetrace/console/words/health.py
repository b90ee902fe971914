"""Words of the Health page: (zh-CN, en)."""

from __future__ import annotations

HEALTH: dict[str, tuple[str, str]] = {
    "health.title": ("运行状况", "Health"),
}
