"""Grid's incidents as they are after a year in a city, made by the server itself. Three in a hundred are open."""

from __future__ import annotations

import sqlalchemy as sa

COUNTIES = ("371102", "371103", "371121", "371122", "371171")
FILL = """
INSERT INTO incident (
    id, case_number, version, state, region, owner, department, type_standard, type_kind, type_code, description,
    address, seen_at, reporter_kind, reporter_id, reporter_citizen_number, enterprise_code, enterprise_code_doubtful,
    reference, filed_at, dispatched_at, handle_by, dispatch_reason, closed_at, closing_outcome, deadline,
    escalation_level, handle_within_hours, accepted_at, latitude, longitude, accuracy_m
)
SELECT uuidv7(filed_at - now()), county || to_char(filed_at, '-YYYYMMDD-2') || lpad(n::text, 7, '0') || '-X', 3, state,
    county || lpad((n / 5 % 12 + 1)::text, 3, '0') || lpad((n / 60 % 20 + 1)::text, 3, '0')
        || lpad((n / 1200 % 5 + 1)::text, 3, '0'),
    county || '-ZHZX', county || '-' || (ARRAY['CGJ', 'SCJG', 'ZJJ', 'JTJ', 'SWJ', 'YJJ', 'HBJ', 'NYJ'])[n * 7 % 8 + 1],
    'GB/T 47678.5-2026', 'event', '06' || lpad((n * 13 % 60 + 1)::text, 3, '0'),
    (ARRAY['巷口', '小区北门', '河道边', '菜市场', '学校门前', '公交站', '工地旁', '村委会'])[n * 3 % 8 + 1]
        || (ARRAY['垃圾堆放', '井盖破损', '占道经营', '路灯不亮', '积水严重', '噪声扰民', '餐饮油烟',
            '树枝倒伏'])[n * 11 % 8 + 1]
        || '，编号' || n || (CASE WHEN n % 50000 = 7 THEN '，发现狐狸' ELSE '' END),
    '海滨路' || n % 500 || '号', filed_at, CASE WHEN n % 3 = 0 THEN 'client' ELSE 'person' END,
    CASE WHEN n % 3 = 0 THEN 'rizhao-ssp' ELSE 'person-' || n % 20000 END, '',
    CASE WHEN n % 9 = 0 THEN '91350100M' || lpad((n % 5000)::text, 9, '0') ELSE '' END, false, 'SSP-' || n,
    filed_at, filed_at + interval '1 h', filed_at + interval '3 d', '',
    CASE WHEN state = 'CLOSED' THEN filed_at + interval '2 d' END,
    CASE WHEN state = 'CLOSED' THEN 'HANDLED' END,
    CASE WHEN state <> 'CLOSED' THEN now() + (n * 37 % 600 - 60) * interval '10 min' END,
    CASE WHEN state <> 'CLOSED' AND n * 37 % 600 < 60 THEN 'VILLAGE' ELSE 'GRID' END, 72, filed_at + interval '2 h',
    CASE WHEN n % 2 = 0 THEN 35.1 + (n * 7919 % 100000) / 200000.0 END,
    CASE WHEN n % 2 = 0 THEN 119.1 + (n * 104729 % 100000) / 200000.0 END, CASE WHEN n % 2 = 0 THEN 5 END
FROM (
    SELECT n, now() - (:cases - n) * (interval '365 d' / :cases) AS filed_at,
        (CAST(:counties AS text[]))[n % 5 + 1] AS county,
        CASE WHEN n > 0.97 * :cases
            THEN (ARRAY['FILED', 'DISPATCHED', 'ACCEPTED', 'HANDLED', 'VERIFIED'])[n * 17 / 5 % 5 + 1]
            ELSE 'CLOSED' END AS state
    FROM generate_series(CAST(:first AS bigint), CAST(:last AS bigint)) AS n
) AS made
"""
CHUNK = 50_000
WATCHED = """
INSERT INTO chassis.due (name, key, due_at, try_at, case_number)
SELECT 'incident-clock', id::text, at, at, case_number FROM (
    SELECT id, case_number, now() + interval '1 d' * (1 + random()) AS at FROM incident WHERE state <> 'CLOSED'
) AS waiting
"""
NUMBERED = """
INSERT INTO department_number
SELECT department, 'CG-' || row_number() OVER (ORDER BY id), id, filed_at FROM incident WHERE department LIKE '%-CGJ'
"""


def fill(owner: sa.Engine, cases: int) -> None:
    """Fill the table of incidents, which is empty, and tidy up. `owner`: no limits of time."""
    for first in range(1, cases + 1, CHUNK):
        with owner.begin() as connection:
            connection.execute(sa.text("SET LOCAL statement_timeout = 0"))
            facts = {"cases": cases, "counties": list(COUNTIES), "first": first, "last": min(cases, first + CHUNK - 1)}
            connection.execute(sa.text(FILL), facts)
    with owner.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(sa.text("SET statement_timeout = 0"))
        # The server's own VACUUM may be at a table already; it makes way after a second.
        connection.execute(sa.text("SET lock_timeout = '1min'"))
        connection.execute(sa.text(NUMBERED))
        for table in ("incident", "incident_text", "department_number"):
            connection.execute(sa.text(f"VACUUM (ANALYZE) {table}"))


def watch(owner: sa.Engine) -> None:
    """Have each open incident looked at some time tomorrow."""
    with owner.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(sa.text(WATCHED))
        connection.execute(sa.text("VACUUM (ANALYZE) chassis.due"))
