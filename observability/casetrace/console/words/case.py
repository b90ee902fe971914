"""Words of the Case page: (zh-CN, en)."""

from __future__ import annotations

CASE: dict[str, tuple[str, str]] = {
    "case.title": ("办件 {number}", "Case {number}"),
}
