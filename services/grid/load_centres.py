"""The sheets of grid centres and departments; read by `services.grid.load` with the others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from services.grid.domain.departments import Departments
from services.kernel import checks, regions, texts
from services.kernel.sheets import Broken, Cells, Reader, Sheets

CENTRES, DEPARTMENTS = "centres.csv", "departments.csv"
_WITH_CENTRES = (regions.Level.CITY, regions.Level.COUNTY, regions.Level.TOWNSHIP, regions.Level.VILLAGE)

texts.register(
    {
        "sheet_centre_region": (
            "须为市、区县、乡镇或村居的区划代码。",
            "must be the code of a city, county, township or village",
        ),
        "sheet_centre_elsewhere": (
            "须为该区域自己的部门，例如 {example}。",
            "must be a department of that region itself, such as {example}",
        ),
        "sheet_no_city_centre": (
            "缺少 {city} 的市级网格中心：逐级上报和协调到此为止，必须有人负责。",
            "there is no grid centre of the city {city}: what goes up ends with it, and somebody has to be there",
        ),
        "sheet_no_departments": ("没有列出任何部门。", "names no department"),
        "sheet_department_code": (
            "须为部门代码，例如 371102-CGJ。",
            "must be a department code such as 371102-CGJ",
        ),
    }
)  # fmt: skip


def _region(text: str) -> str:
    if not regions.is_code(text) or regions.level_of(text) not in _WITH_CENTRES:
        raise Broken("sheet_centre_region")
    return text


def _department(text: str) -> str:
    if not checks.is_department(text):
        raise Broken("sheet_department_code")
    return text


CENTRE_COLUMNS: Mapping[str, Reader] = {"region": _region, "department": _department}
DEPARTMENT_COLUMNS: Mapping[str, Reader] = {"code": _department}


def read_departments(sheets: Sheets) -> Departments:
    """The departments that identity loads from the same folder; a sheet of none would let any code pass."""
    lines = sheets.read(DEPARTMENTS, DEPARTMENT_COLUMNS)
    if not lines and all(each.file != DEPARTMENTS for each in sheets.faults):
        sheets.note(DEPARTMENTS, Broken("sheet_no_departments"))
    return Departments(frozenset(line.values["code"] for line in lines))


def read_centres(sheets: Sheets, departments: Departments) -> dict[str, str]:
    """Department code of the grid centre by region; each is a department, and no city is without one."""
    lines = sheets.read(CENTRES, CENTRE_COLUMNS, together=_of_its_region)
    sheets.demand_unique(lines, "region")
    centres = {line.values["region"]: line.values["department"] for line in lines}
    without: set[str] = set()
    for line in lines:
        region, department = line.values["region"], line.values["department"]
        if not departments.has(department):
            sheets.fault(line, "department", Broken("sheet_department_unknown", department=department))
        city = f"{region[:4]}00"
        if city not in {*centres, *without}:
            without.add(city)
            sheets.fault(line, "region", Broken("sheet_no_city_centre", city=city))
    return centres


def _of_its_region(said: Cells) -> Iterator[tuple[str, Broken]]:
    region, department = said["region"], said["department"]
    if checks.is_department(department) and department.partition("-")[0] != region:
        yield "department", Broken("sheet_centre_elsewhere", example=f"{region}-ZHZX")
