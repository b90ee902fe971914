"""What PostgreSQL does for a statement."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

Plan = dict[str, Any]


def plan_of(connection: sa.Connection, asked: Any, given: Mapping[str, Any]) -> list[Plan]:
    """The nodes of the plan by which a statement is answered."""
    text = asked.element if isinstance(asked, sa.TextualSelect) else asked
    explain = sa.text(
        f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {text.text if isinstance(text, sa.TextClause) else text}"
    )
    ((found,),) = connection.execute(explain, given).all()
    nodes: list[Plan] = [found[0]["Plan"]]
    for node in nodes:
        nodes += node.get("Plans", [])
    return nodes


def scans(nodes: list[Plan]) -> set[str]:
    """Tables that are read from one end to the other."""
    return {node["Relation Name"] for node in nodes if node["Node Type"] == "Seq Scan"}


def passed(nodes: list[Plan]) -> int:
    """How many rows of indexes and tables were looked at."""
    return sum(
        int((node["Actual Rows"] + node.get("Rows Removed by Filter", 0)) * node["Actual Loops"])
        for node in nodes
        if "Scan" in node["Node Type"]
    )
