"""The calendars of all departments: the national one, and the shifts that speak of a department most exactly."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from services.kernel.worktime.calendars import Calendar, NationalCalendar, Shifts

EVERYBODY = ""
"""Under this name stand the shifts of all departments that have none of their own."""


@dataclass(frozen=True, slots=True)
class Calendars:
    """Shifts by a department's code, by what its code ends with (`CGJ`), or for everybody."""

    national: NationalCalendar = field(default_factory=NationalCalendar)
    shifts: Mapping[str, tuple[Shifts, ...]] = field(default_factory=dict)
    _known: dict[str, Calendar] = field(default_factory=dict, compare=False, repr=False)

    def of(self, department: str) -> Calendar:
        """The calendar of a department; one that knows no day when no shifts speak of it."""
        found = self._known.get(department)
        if found is None:
            found = self._known[department] = Calendar.of(self.national, self._shifts_of(department))
        return found

    def _shifts_of(self, department: str) -> tuple[Shifts, ...]:
        names = (department, department.partition("-")[2], EVERYBODY)
        return next((self.shifts[name] for name in names if name in self.shifts), ())


class WorkingTime(NamedTuple):
    """Whose working time is known: whether any year is, and the names under which there are shifts."""

    years: bool
    shifts: frozenset[str]

    @classmethod
    def of(cls, calendars: Calendars) -> WorkingTime:
        """That of the calendars that are loaded."""
        return cls(bool(calendars.national.years), frozenset(calendars.shifts))

    def lacks(self, department: str) -> bool:
        """There are no shifts for departments of this suffix."""
        return not {name.partition("-")[2] or name for name in self.shifts} & {department, EVERYBODY}
