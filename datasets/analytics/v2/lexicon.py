"""The words of the domain: synonyms that become one word each, and what that word stands for in the database."""

from __future__ import annotations

import re

_NUMBERS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")

# Applied in this order to the lower-case question, so that everything after it has one word per meaning to look for.
_SYNONYMS = (
    (r"%", " percent"),
    (r"[^\w/.' -]", " "),
    (r"\bspeeding( warnings?)?\b", "overspeed alerts"),
    (r"\b(alarm|incident)(s?)\b", r"alert\2"),
    (r"\b(trip|drive|ride)(s?)\b", r"journey\2"),
    (r"\b(measurement|sample)(s?)\b", r"reading\2"),
    (r"\b(unit|box)(es|s)?\b", "devices"),
    (r"\b(fit|fitted|mounted)\b", "installed"),
    (r"\b(on average|mean)\b", "average"),
    (r"\b(warmest|hottest|how (warm|hot))\b", "highest temperature"),
    (r"\b(coldest|how cold)\b", "lowest temperature"),
    (r"\b(percentage|proportion)\b", "share"),
    (r"\b(unresolved|not resolved|nobody has resolved|still open)\b", "open"),
    (r"\b(most (common|frequent))\b", "most"),
    (r"\b(most recent|last) (?=\w* ?(alert|reading|journey))", "latest "),
    (r"\b((of|for) )?(each|every)\b", "per"),
    (r"\btwice\b", "2 times"),
    (r"\b(a|any) single\b", "any"),
    (r"\b(a|one) week\b", "7 days"),
    *((rf"\b{word}\b", str(number)) for number, word in enumerate(_NUMBERS, 1)),
    (r"\bcities\b", "city"),
    (r"\bstatuses\b", "status"),
    (r" +", " "),
)

ALIASES = {"devices": "d", "readings": "r", "journeys": "j", "alerts": "a"}

# The first table of which one of these words is in the question: what happened to a device before the device itself.
TABLE_WORDS = {
    "journeys": r"journey|driv|distance|kilomet|on the road",
    "alerts": r"alert|warning|overspeed|harsh braking|geofence",
    "readings": r"reading|battery|temperature|signal",
    "devices": r"",
}

TIME_COLUMNS = {
    "devices": "d.installed_on",
    "readings": "r.recorded_at",
    "journeys": "j.started_at",
    "alerts": "a.raised_at",
}

# A table's figures by the words that ask for them; the first one found counts.
MEASURES = {
    "devices": ((r"oldest|newest", "d.installed_on"),),
    "readings": ((r"battery|temperature|signal", "r.value"),),
    "journeys": (
        (r"duration|minutes?|time|long did", "j.duration_min"),
        (r"distance|kilomet|km|furthest|longest|shortest", "j.distance_km"),
        (r"speed|fastest", "j.max_speed_kmh"),
        (r"fuel|litre", "j.fuel_l"),
    ),
    "alerts": ((r"hours?", "(julianday(a.resolved_at) - julianday(a.raised_at)) * 24"),),
}

UNITS = {
    "km/h": "j.max_speed_kmh",
    "km": "j.distance_km",
    "minute": "j.duration_min",
    "hour": "j.duration_min / 60",
    "percent": "r.value",
    "degree": "r.value",
    "dbm": "r.value",
}

# What a question can be broken down by; every table that has a device_id can go by the device's name and city too.
_OF_THE_DEVICE = {"device": "d.name", "city": "d.city"}
GROUPS = {
    "devices": {"status": "d.status", "city": "d.city", "kind": "d.kind", "firmware": "d.firmware"},
    "readings": {"metric": "r.metric", "day": "date(r.recorded_at)", **_OF_THE_DEVICE},
    "journeys": {
        "driver": "j.driver",
        "origin": "j.origin",
        "destination": "j.destination",
        "day": "date(j.started_at)",
        **_OF_THE_DEVICE,
    },
    "alerts": {"severity": "a.severity", "kind": "a.kind", "day": "date(a.raised_at)", **_OF_THE_DEVICE},
}

# Words that ask for one value of a column.
_KINDS_OF_DEVICE = {
    "tracker": ("d.kind", "gps_tracker"),
    "dashcam": ("d.kind", "dashcam"),
    "dongle": ("d.kind", "obd_dongle"),
    "cold sensor": ("d.kind", "cold_sensor"),
}
VALUES = {
    "devices": {
        **_KINDS_OF_DEVICE,
        "active": ("d.status", "active"),
        "offline": ("d.status", "offline"),
        "maintenance": ("d.status", "maintenance"),
        "retired": ("d.status", "retired"),
    },
    "readings": {
        **_KINDS_OF_DEVICE,
        "battery": ("r.metric", "battery"),
        "temperature": ("r.metric", "temperature"),
        "signal": ("r.metric", "signal"),
    },
    "journeys": _KINDS_OF_DEVICE,
    "alerts": {
        **_KINDS_OF_DEVICE,
        "critical": ("a.severity", "critical"),
        "warning": ("a.severity", "warning"),
        "battery": ("a.kind", "battery_low"),
        "overspeed": ("a.kind", "overspeed"),
        "harsh braking": ("a.kind", "harsh_braking"),
        "geofence": ("a.kind", "geofence_exit"),
    },
}

# Words that say that something is not known or has not happened.
ABSENCES = {
    "devices": {r"never (been )?(online|seen)": "d.last_seen_at IS NULL"},
    "readings": {r"fail(ed)?|no value": "r.value IS NULL"},
    "journeys": {r"under way": "j.ended_at IS NULL", r"without a driver": "j.driver IS NULL"},
    "alerts": {r"open": "a.resolved_at IS NULL"},
}

MOST = r"\b(most|highest|longest|furthest|fastest|strongest|newest|top)\b"
LEAST = r"\b(least|fewest|lowest|shortest|weakest|oldest)\b"


def canonical(question):
    """Return the question in lower case with every synonym replaced."""
    text = question.lower()
    for pattern, word in _SYNONYMS:
        text = re.sub(pattern, word, text)
    return text.strip()
