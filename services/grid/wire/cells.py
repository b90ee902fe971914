"""The cells of a catalogue's sheets: which rules they have, in words, and how they are read."""

from __future__ import annotations

from services.grid.domain.catalogue import Counted, Urgency
from services.grid.domain.reference import NATIONAL, Evidence, IncidentKind
from services.kernel import regions, texts
from services.kernel.sheets import Broken, matching, words
from services.kernel.worktime.terms import Unit

LONGEST = 24 * 366
"""The longest limit, in units."""

texts.register(
    {
        "sheet_kind": ("须为 component（部件）或 event（事项）。", "must be component or event"),
        "sheet_standard": (
            "不是已知的国家标准；须为 {known}，或本市扩展的名称（不以 GB 开头）。",
            "is no national standard that is known: those are {known}; a name of the city's own does not begin with GB",
        ),
        "sheet_code": ("须为 {length} 位数字。", "must be {length} digits"),
        "sheet_code_prefix": (
            "须为大类（2 位）、小类（5 位，2013 版标准为 4 位），或留空。",
            "must be a category (2 digits), a type (5 digits, 4 in the standard of 2013) or empty",
        ),
        "sheet_region": ("须为行政区划代码，或留空。", "must be a region code or empty"),
        "sheet_suffix": (
            "须为部门代码末尾的 2 至 8 个大写字母。",
            "must be the 2 to 8 capitals that end a department code",
        ),
        "sheet_unit": (
            "须为 clock_hour（自然时）、working_hour（工作时）、working_day（工作日），留空为 clock_hour。",
            "must be clock_hour, working_hour, working_day or empty, which is clock_hour",
        ),
        "sheet_urgency": (
            "须为 normal（一般）、urgent（紧急）或 very_urgent（特急）。",
            "must be normal, urgent or very_urgent",
        ),
        "sheet_counted": (
            "须为 whole（自派遣起整体计时）、stage（自上一环节完成起计时）或留空（即 whole）。",
            "must be whole (from dispatch on), stage (from the end of the stage before) or empty, which is whole",
        ),
        "sheet_yes_no": ("须为 yes、no 或留空（即 no）。", "must be yes, no or empty, which is no"),
        "sheet_evidence": (
            "须为以分号分隔的 {known}，或留空。",
            "must be some of {known}, with semicolons between them, or empty",
        ),
        "sheet_department_unknown": (
            "没有部门 {department}。",
            "there is no department {department}",
        ),
        "sheet_no_type": ("目录中没有此类别。", "names no incident type of the catalogue"),
        "sheet_no_shifts": ("没有部门 {department} 的班次。", "there are no shifts of {department}"),
        "sheet_no_days": ("没有载入法定工作日。", "there is no sheet of national days"),
        "sheet_position": (
            "同一类别、同一紧急程度的环节须从 1 起连续编号，此处应为 {wanted}。",
            "stages of the same types and urgency are counted from 1 without gaps: here it is {wanted}",
        ),
        "sheet_limit_shorter": (
            "各环节时限均自派遣起算，不得短于前一环节。",
            "is shorter than that of the stage before: limits count from dispatch",
        ),
        "sheet_same_standard": ("两个代码须属于不同标准。", "must be another standard than the former one"),
        "sheet_unknown": ("不是目录的文件；可用文件：{known}。", "is no sheet of a catalogue; those are {known}"),
        "sheet_twice": ("同名文件出现两次。", "was sent twice"),
    }
)


def kind(text: str) -> IncidentKind:
    """What a type classifies."""
    if text not in tuple(IncidentKind):
        raise Broken("sheet_kind")
    return IncidentKind(text)


def any_kind(text: str) -> str:
    """What types classify; empty for both."""
    return kind(text).value if text else ""


def unit(text: str) -> Unit:
    """In what a limit is counted; clock hours when empty."""
    if text and text.upper() not in tuple(Unit):
        raise Broken("sheet_unit")
    return Unit(text.upper() or Unit.CLOCK_HOUR)


def urgency(text: str) -> Urgency:
    """How soon a case has to be handled."""
    if text not in tuple(Urgency):
        raise Broken("sheet_urgency")
    return Urgency(text)


def any_urgency(text: str) -> Urgency | None:
    """The same; empty for none that is said."""
    return urgency(text) if text else None


def counted(text: str) -> Counted:
    """From when on the limit of a stage counts."""
    if text not in ("", *Counted):
        raise Broken("sheet_counted")
    return Counted(text or Counted.WHOLE)


def region_prefix(text: str) -> str:
    """The bare prefix of a region code; empty for everywhere."""
    if text and not regions.is_code(text):
        raise Broken("sheet_region")
    return regions.scope_prefix(text) if text else ""


def yes_no(text: str) -> bool:
    """Yes; no when empty."""
    if text not in ("yes", "no", ""):
        raise Broken("sheet_yes_no")
    return text == "yes"


def evidence(text: str) -> tuple[Evidence, ...]:
    """Kinds of evidence, with semicolons between them."""
    named = {each.strip() for each in text.split(";")} if text else set()
    if not named <= set(Evidence):
        raise Broken("sheet_evidence", known=", ".join(Evidence))
    return tuple(each for each in Evidence if each in named)


def standard(text: str) -> str:
    """A standard: one of the country's as it writes itself, or the name of the city's own extensions."""
    if text not in NATIONAL and "".join(text.split()).upper().startswith("GB"):
        raise Broken("sheet_standard", known=", ".join(NATIONAL))
    return str(_NAME(text))


_NAME = words(40)
CODE_PREFIX = matching("([0-9]{2}([0-9]{2,3})?)?", "sheet_code_prefix")
