"""Words of the Find page: (zh-CN, en)."""

from __future__ import annotations

FIND: dict[str, tuple[str, str]] = {
    "find.title": ("查找办件", "Find cases"),
}
