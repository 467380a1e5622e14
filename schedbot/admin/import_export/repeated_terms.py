"""RepeatedTerms: values of earlier lines with the same cells, so that a line parses only what is its own."""

from dataclasses import dataclass, field

from schedbot.admin.fields.parsers import Fields
from schedbot.admin.fields.schedule_fields import OWN_COLUMNS, ScheduleFields, Zones
from schedbot.reports.definitions import Definitions

MOST = 20_000  # combinations


@dataclass(slots=True)
class RepeatedTerms:
    """Parser of new lines: rule and terms of a line are those of an earlier one with the same cells for them."""

    now: int
    zones: Zones
    definitions: Definitions
    known: dict[tuple[tuple[str, str | None], ...], ScheduleFields] = field(default_factory=dict)

    def parse(self, fields: Fields) -> ScheduleFields:
        """Return the values of a new schedule. The cells are cleaned. Raises BadField for the first bad cell."""
        shared = tuple(item for item in fields.items() if item[0] not in OWN_COLUMNS)
        earlier = self.known.get(shared)
        if earlier is not None:
            return earlier.with_own_cells(fields, self.now, self.definitions)
        if len(self.known) >= MOST:
            self.known.clear()
        parsed = ScheduleFields.parse(fields, self.now, zones=self.zones, definitions=self.definitions)
        self.known[shared] = parsed
        return parsed
