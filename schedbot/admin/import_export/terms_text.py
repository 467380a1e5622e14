"""JSON of the recorded values that schedules with the same rule and terms have in common."""

import json
from typing import Any

from schedbot.admin.fields.schedule_fields import OWN_COLUMNS
from schedbot.admin.schedules.serialize import recorded
from schedbot.model import Schedule
from schedbot.store.imports.row_builder import TermsText


def serialize_terms(schedule: Schedule) -> TermsText:
    """Return the members that the record of a schedule has in common with others; the keys keep their order."""
    sections: list[dict[str, Any]] = [{}]
    for key, value in recorded(schedule).items():
        if key in ("channel", "text", "report"):
            sections.append({})
        elif key not in OWN_COLUMNS:
            sections[-1][key] = value
    workspace, rule, terms = (json.dumps(section, ensure_ascii=False)[1:-1] for section in sections)
    return TermsText(schedule.workspace_id, workspace, rule, terms)
