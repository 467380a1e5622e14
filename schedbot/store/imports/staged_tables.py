"""Tables of staged schedules, and the statements that fill them. Values that many schedules share are one row."""

OF_TERMS = (
    *("starts_at", "until_at", "count", "asked_until_at", "misfire", "grace_ms", "max_attempts", "priority"),
    *("on_unknown", "jitter_ms", "skip_holidays", "holiday_policy", "send_window", "outside", "blackout", "on_empty"),
    *("thread", "is_update", "username", "icon", "unfurl", "tz_from"),
)
RULE = ("kind", "expression", "tz", "holidays_before")
OF_SCHEDULE = ("workspace_id", "state", "reason", "state_by", "source")
TERMS = ("number", "first_due_at", *RULE, *OF_SCHEDULE, *OF_TERMS)

CREATE_TERMS = f"""
CREATE TEMP TABLE staged_terms (number INTEGER PRIMARY KEY, {", ".join(TERMS[1:])}, recurrence_id INTEGER)
"""

ADD_TERMS = f"INSERT INTO staged_terms ({', '.join(TERMS)}) VALUES ({', '.join(f':{name}' for name in TERMS)})"

CREATE_SCHEDULES = """
CREATE TABLE staged_schedules (
  position INTEGER PRIMARY KEY, line, id, name, account, channel, report_kind, report_source, params, after, terms
)
"""

CREATE_TEMPORARY_SCHEDULES = CREATE_SCHEDULES.replace("CREATE TABLE", "CREATE TEMP TABLE")

ADD_SCHEDULES = f"INSERT INTO staged_schedules VALUES ({', '.join('?' * 11)})"
