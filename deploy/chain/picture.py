"""The picture: services as lanes from top to bottom, one line for each row, what happens then at the right.

Plain SVG: text stays text, fonts are generic, nothing is loaded, and the same rows give the same bytes. It brings its
own ground, so that it reads on a light and on a dark page; a reader who prefers dark gets it dark.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape

from deploy.chain.rows import Row, Section

# All lengths in pixels of the picture at its own size.
LANE_STEP = 132
LANE_LEFT = 84
HEAD_WIDTH, HEAD_HEIGHT = 116, 46
HEAD_TOP = 66
WORDS_WIDTH = 262
MARGIN = 20
LINE_HEIGHT = 15
ROW_LEAST = 42
SECTION_HEIGHT = 34
WORD_SIZE = 12

# One hue for each lane in turn, on light and on dark ground.
HUES = (
    ("#6d28d9", "#c4b5fd"),
    ("#15803d", "#86efac"),
    ("#b45309", "#fcd34d"),
    ("#0369a1", "#7dd3fc"),
    ("#be185d", "#f9a8d4"),
    ("#4d7c0f", "#bef264"),
    ("#0f766e", "#5eead4"),
)
LIGHT = {"ground": "#ffffff", "edge": "#d0d7de", "ink": "#1f2328", "soft": "#59636e", "lane": "#d8dee4"}
DARK = {"ground": "#0d1117", "edge": "#3d444d", "ink": "#f0f6fc", "soft": "#9ea7b3", "lane": "#3d444d"}
TITLE = "Who tells whom, who asks whom"
TITLE_ZH = "谁发布、谁响应、谁查询"
EVENT_IS = "event: through Kafka, once in effect  事件"
READ_IS = "read: by gRPC, before any transaction  查询"


@dataclass(frozen=True)
class Placed:
    """Lanes by name, with the number of their hue, and where each stands."""

    lanes: tuple[str, ...]

    def x(self, name: str) -> int:
        """The middle of a lane."""
        return LANE_LEFT + LANE_STEP * self.lanes.index(name)

    def hue(self, name: str) -> str:
        """The class of a lane's colour."""
        return f"h{self.lanes.index(name) % len(HUES)}"

    @property
    def words_x(self) -> int:
        """Where sentences begin."""
        return LANE_LEFT + LANE_STEP * (len(self.lanes) - 1) + HEAD_WIDTH // 2 + 24

    @property
    def width(self) -> int:
        """Of the whole picture."""
        return self.words_x + WORDS_WIDTH + MARGIN


def draw(lanes: Sequence[str], known_as: dict[str, str], parts: Sequence[Section]) -> str:
    """The SVG of these rows. Raises ValueError when a row names a service without a lane."""
    placed = Placed(tuple(lanes))
    body: list[str] = []
    y = HEAD_TOP + HEAD_HEIGHT
    for section in parts:
        body.append(_text(MARGIN + 6, y + 24, section.heading, "section"))
        y += SECTION_HEIGHT
        for row in section.rows:
            height = _height(row)
            body += _row(placed, row, y + height // 2)
            y += height
    y += 10
    ends = [_lane(placed, name, y) for name in lanes]
    heads = [line for name in lanes for line in _head(placed, name, known_as[name])]
    frame = _frame(placed.width, y + 44)
    return "\n".join([*frame, *_title(placed), *ends, *heads, *body, *_legend(y + 24), "</svg>", ""])


def _frame(width: int, height: int) -> list[str]:
    return [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
        ' role="img" aria-labelledby="title" font-family="sans-serif">',
        f'<title id="title">{escape(TITLE)}</title>',
        "<style>",
        *_styles(),
        "</style>",
        f'<rect class="ground" x="0.5" y="0.5" width="{width - 1}" height="{height - 1}" rx="10"/>',
    ]


def _styles() -> Iterator[str]:
    yield "text{font-size:12px;fill:var(--ink)}"
    yield ".title{font-size:17px;font-weight:bold}.soft,.words{fill:var(--soft)}.who{font-weight:bold}"
    yield ".section{font-weight:bold;fill:var(--soft)}.service{font-weight:bold;font-size:13px}.name{font-weight:bold}"
    yield ".name,.section{paint-order:stroke;stroke:var(--ground);stroke-width:5px;stroke-linejoin:round}"
    yield ".middle{text-anchor:middle}.ground{fill:var(--ground);stroke:var(--edge)}"
    yield ".lane{stroke:var(--lane);stroke-width:2}.box{fill:var(--ground);stroke:var(--hue);stroke-width:2}"
    yield ".none{--hue:var(--soft)}"
    yield ".line{fill:none;stroke:var(--hue);stroke-width:2}.asks{stroke-dasharray:5 4}.tip,.dot{fill:var(--hue)}"
    yield from _colours(LIGHT, 0)
    yield "@media (prefers-color-scheme:dark){"
    yield from _colours(DARK, 1)
    yield "}"


def _colours(ground: dict[str, str], shade: int) -> Iterator[str]:
    yield "svg{" + ";".join(f"--{name}:{value}" for name, value in ground.items()) + "}"
    yield "".join(f".h{number}{{--hue:{hue[shade]}}}" for number, hue in enumerate(HUES))


def _title(placed: Placed) -> list[str]:
    return [
        _text(MARGIN + 6, 38, f"{TITLE}  {TITLE_ZH}", "title"),
        _text(placed.words_x, HEAD_TOP + 20, "What happens then", "service"),
        _text(placed.words_x, HEAD_TOP + 38, "随后发生什么", "soft"),
    ]


def _lane(placed: Placed, name: str, end: int) -> str:
    x = placed.x(name)
    return f'<path class="lane" d="M{x} {HEAD_TOP + HEAD_HEIGHT}V{end}"/>'


def _head(placed: Placed, name: str, known_as: str) -> list[str]:
    x, left = placed.x(name), placed.x(name) - HEAD_WIDTH // 2
    return [
        f'<rect class="box {placed.hue(name)}" x="{left}" y="{HEAD_TOP}"'
        f' width="{HEAD_WIDTH}" height="{HEAD_HEIGHT}" rx="8"/>',
        _text(x, HEAD_TOP + 20, name, "service middle"),
        _text(x, HEAD_TOP + 37, known_as, "soft middle"),
    ]


def _row(placed: Placed, row: Row, y: int) -> Iterator[str]:
    x, others = placed.x(row.source), [placed.x(name) for name in row.targets if name != row.source]
    starts, ends = (others, [x]) if row.asks else ([x], others)
    yield f'<g class="{placed.hue(row.source)}">'
    for start in _outermost(x, others) if row.asks else starts:
        yield from (_arrow(start, end, y, "line asks" if row.asks else "line") for end in ends)
    yield from (f'<circle cx="{start}" cy="{y}" r="4" class="dot"/>' for start in starts)
    yield "</g>"
    spots = [x, *others]
    yield _text((min(spots) + max(spots)) // 2, y - 8, row.label, "name middle")
    lines = _lines(row)
    for number, (who, line) in enumerate(lines):
        top = y + 4 - (len(lines) - 1) * LINE_HEIGHT // 2 + number * LINE_HEIGHT
        mark = f'<tspan class="who">{escape(who)}</tspan> ' if who else ""
        yield f'<text class="words" x="{placed.words_x}" y="{top}">{mark}{escape(line)}</text>'


def _outermost(x: int, others: list[int]) -> list[int]:
    """The farthest on either side: dashes that lie over one another would make a line of another kind."""
    spots = [x, *others]
    return [end for end in (min(spots), max(spots)) if end != x]


def _arrow(start: int, end: int, y: int, kind: str) -> str:
    back = -9 if end > start else 9
    head = f"M{end} {y}l{back} -4.5v9z"
    return f'<path class="{kind}" d="M{start} {y}H{end + back}"/><path class="tip" d="{head}"/>'


def _legend(y: int) -> Iterator[str]:
    for x, kind, meaning in ((MARGIN + 6, "line", EVENT_IS), (MARGIN + 326, "line asks", READ_IS)):
        yield f'<g class="none">{_arrow(x, x + 36, y - 4, kind)}</g>'
        yield _text(x + 46, y, meaning, "soft")


def _text(x: int, y: int, words: str, kind: str) -> str:
    return f'<text class="{kind}" x="{x}" y="{y}">{escape(words)}</text>'


def _height(row: Row) -> int:
    return max(ROW_LEAST, LINE_HEIGHT * len(_lines(row)) + 12)


def _lines(row: Row) -> list[tuple[str, str]]:
    """The sentences of a row, broken to the width; a service stands before the first line of its own."""
    return [line for who, sentence in row.words for line in _broken(who, sentence)]


def _broken(who: str, sentence: str) -> list[tuple[str, str]]:
    lines: list[str] = []
    current = ""
    for word in sentence.split():
        longer = f"{current} {word}".strip()
        room = WORDS_WIDTH - (_width(who + " ") * 1.1 if who and not lines else 0)
        if current and _width(longer) > room:
            lines.append(current)
            longer = word
        current = longer
    lines.append(current)
    return [(who if number == 0 else "", line) for number, line in enumerate(lines)]


def _width(words: str) -> float:
    """About how wide a text is: a Chinese character is a square, others a good half of one."""
    return sum(WORD_SIZE * (1.0 if unicodedata.east_asian_width(each) in "WF" else 0.53) for each in words)
