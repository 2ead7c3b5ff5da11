"""The words that the assistant knows, and what they stand for in the database."""

ALIASES = {"devices": "d", "readings": "r", "journeys": "j", "alerts": "a"}

# The first table of which one of these words is in the question: what happened to a device before the device itself.
TABLE_WORDS = {
    "journeys": ("journey", "trip", "driver", "driving", "drive"),
    "alerts": ("alert", "alarm", "incident"),
    "readings": ("reading", "battery", "temperature", "signal"),
    "devices": ("device", "tracker", "dashcam", "dongle", "sensor"),
}

TIME_COLUMNS = {
    "devices": "d.installed_on",
    "readings": "r.recorded_at",
    "journeys": "j.started_at",
    "alerts": "a.raised_at",
}

DURATION = "ROUND((julianday(j.ended_at) - julianday(j.started_at)) * 1440)"

# A journey's figures by the words that ask for them; the first one found counts.
MEASURES = (
    (("duration", "minute", "time", "long did"), DURATION),
    (("distance", "kilometre", "km", "furthest", "longest", "shortest"), "j.distance_km"),
    (("speed",), "j.max_speed_kmh"),
    (("fuel", "litre"), "j.fuel_l"),
)

METRICS = ("battery", "temperature", "signal")

UNITS = {"km/h": "j.max_speed_kmh", "km": "j.distance_km", "minute": DURATION, "hour": f"{DURATION} / 60"}

# What a question can be broken down by.
GROUPS = {
    "devices": {"status": "d.status", "city": "d.city", "kind": "d.kind", "firmware": "d.firmware"},
    "readings": {"device": "d.name", "city": "d.city", "day": "date(r.recorded_at)"},
    "journeys": {
        "driver": "j.driver",
        "origin": "j.origin",
        "destination": "j.destination",
        "device": "d.name",
        "city": "d.city",
        "day": "date(j.started_at)",
    },
    "alerts": {
        "severity": "a.severity",
        "kind": "a.kind",
        "device": "d.name",
        "city": "d.city",
        "day": "date(a.raised_at)",
    },
}

# Words that are conditions, by the table that they are about.
CONDITIONS = {
    "devices": {
        "tracker": "d.kind = 'gps_tracker'",
        "dashcam": "d.kind = 'dashcam'",
        "dongle": "d.kind = 'obd_dongle'",
        "cold sensor": "d.kind = 'cold_sensor'",
        "active": "d.status = 'active'",
        "offline": "d.status = 'offline'",
        "maintenance": "d.status = 'maintenance'",
        "retired": "d.status = 'retired'",
    },
    "readings": {},
    "journeys": {"under way": "j.ended_at IS NULL", "without a driver": "j.driver IS NULL"},
    "alerts": {
        "critical": "a.severity = 'critical'",
        "battery": "a.kind = 'battery_low'",
        "geofence": "a.kind = 'geofence_exit'",
        "overspeed": "a.kind = 'overspeed'",
        "harsh braking": "a.kind = 'harsh_braking'",
        "open": "a.resolved_at IS NULL",
        "unresolved": "a.resolved_at IS NULL",
    },
}

MOST = ("most", "highest", "longest", "furthest", "strongest", "top")
LEAST = ("least", "lowest", "shortest", "weakest")

MONTHS = (
    "january", "february", "march", "april", "may", "june",
    "july", "august", "september", "october", "november", "december",
)  # fmt: skip
