"""The examples of mod_tariffs and mod_cdrs that state a total, with their numbers, put together from a few words."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from tests.unit.clearing.rating.examples import MONDAY, cdr_json, component, element, minutes

BRUSSELS = ZoneInfo("Europe/Brussels")
SATURDAY = "2026-03-07T12:30:00Z"
WEEKDAYS = ["MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY"]

ENERGY = component("ENERGY", "0.25", "10")
START_FEE = component("FLAT", "0.50", "20")
CHARGE = [element(START_FEE, ENERGY)]
COMPLEX = [
    element(component("FLAT", "2.50", "15")),
    element(component("TIME", "1.00", "20", 900), max_current=Decimal(32)),
    element(component("TIME", "2.00", "20", 600), min_current=Decimal(32), day_of_week=WEEKDAYS),
    element(component("TIME", "1.25", "20", 600), min_current=Decimal(32), day_of_week=["SATURDAY", "SUNDAY"]),
    element(component("PARKING_TIME", "5", "10", 300), start_time="09:00", end_time="18:00", day_of_week=WEEKDAYS),
    element(component("PARKING_TIME", "6", "10", 300), start_time="10:00", end_time="17:00", day_of_week=["SATURDAY"]),
]
STEPS = [
    element(
        component("TIME", "1.20", None, 1800),
        component("PARKING_TIME", "1", None, 900),
        start_time="00:00",
        end_time="17:00",
    ),
    element(
        component("TIME", "2.40", None, 900),
        component("PARKING_TIME", "1", None, 900),
        start_time="17:00",
        end_time="20:00",
    ),
    element(component("TIME", "2.40", None, 900), start_time="20:00", end_time="00:00"),
]
SIXTEEN = [
    element(component("FLAT", "2", "20"), component("TIME", "5", "20", 300), reservation="RESERVATION"),
    element(START_FEE, ENERGY),
]
SEVENTEEN = [
    element(component("FLAT", "4", "20"), reservation="RESERVATION_EXPIRES"),
    element(component("TIME", "2", "20", 600), reservation="RESERVATION"),
    element(START_FEE, ENERGY),
]
EIGHTEEN = [
    element(component("TIME", "6", "20", 600), reservation="RESERVATION_EXPIRES"),
    element(component("TIME", "3", "20", 600), reservation="RESERVATION"),
    element(START_FEE, ENERGY),
]
POWERS = [
    element(component("ENERGY", "0.20", "20"), max_power=Decimal(16)),
    element(component("ENERGY", "0.35", "20"), max_power=Decimal(32)),
    element(component("ENERGY", "0.50", "20")),
]
DURATIONS = [
    element(component("ENERGY", "0", "20"), max_duration=Decimal(1800)),
    element(component("ENERGY", "0.25", "20"), max_duration=Decimal(3600)),
    element(component("ENERGY", "0.40", "20")),
]
LEAST = {"min_price": ("0.50", "0.55")}
MOST = {"max_price": ("10", "11")}


def kwh(volume: str) -> dict[str, Any]:
    return cdr_json([(0, {"ENERGY": volume})])


def reserved(count: int) -> dict[str, Any]:
    return cdr_json([(0, {"RESERVATION_TIME": minutes(count)}), (count, {"ENERGY": "20"})], lasts=count + 60)


def unused(count: int) -> dict[str, Any]:
    return cdr_json([(0, {"RESERVATION_TIME": minutes(count)})], evse_uid="#NA")


def charge(charging: int, parking: int = 0, start: str = MONDAY, **measured: str) -> dict[str, Any]:
    periods: list[tuple[int, Mapping[str, Any]]] = [(0, {"TIME": minutes(charging), **measured})]
    if parking:
        periods.append((charging, {"PARKING_TIME": minutes(parking)}))
    return cdr_json(periods, start)


def local(clock: str) -> str:
    """A Monday's clock in Brussels, in winter."""
    return f"2026-03-02T{int(clock[:2]) - 1:02}:{clock[3:]}:00Z"


EXAMPLES: list[tuple[str, list[dict[str, Any]], dict[str, Any], dict[str, Any], str, str | None]] = [
    ("0.25 per kWh", [element(ENERGY)], {}, kwh("20"), "5.00", "5.50"),
    ("0.25 per kWh + start fee", CHARGE, {}, kwh("20"), "5.50", "6.10"),
    ("0.25 per kWh + minimum price", [element(ENERGY)], LEAST, kwh("20"), "5.00", "5.50"),
    ("0.25 per kWh + minimum price, less than 2 kWh", [element(ENERGY)], LEAST, kwh("1.9"), "0.50", "0.55"),
    (
        "0.25 per kWh + parking fee + start fee",
        [element(START_FEE, ENERGY, component("PARKING_TIME", "2", "20", 900))],
        {},
        cdr_json([(0, {"ENERGY": "20", "TIME": "1"}), (60, {"PARKING_TIME": minutes(40)})]),
        # Printed are 7.00 and 7.90: 0.50 + 5.00 + 45 minutes at 2.00 = 7.00; 0.60 + 5.50 + 1.80 = 7.90.
        "7.00",
        "7.90",
    ),
    ("0.25 per kWh + start fee + max price", CHARGE, MOST, kwh("50"), "10.00", "11.00"),
    ("0.25 per kWh + start fee + max price, 30 kWh", CHARGE, MOST, kwh("30"), "8.00", "8.85"),
    ("2 per hour", [element(component("TIME", "2", "10", 60))], {}, charge(150), "5.00", "5.50"),
    (
        "3 per hour, 5 per hour parking",
        [element(component("TIME", "3", "10", 60), component("PARKING_TIME", "5", "20", 300))],
        {},
        charge(150, 42),
        "11.25",
        "12.75",
    ),
    ("ad hoc, several languages", [element(component("TIME", "1.90", "5.2", 300))], {}, charge(150), "4.75", "5.00"),
    (
        "alternative URL",
        [element(START_FEE, component("ENERGY", "0.25", "10", 100))],
        {},
        kwh("20.45"),
        # The table of 2.3.0 (5.61 and 6.22) forgets the step of 100 Wh; 2.2.1 prints 5.63 and 6.24.
        "5.63",
        "6.24",
    ),
    (
        "alternative URL, at the price of the day",
        [element(START_FEE, component("ENERGY", "0.22", "10", 100))],
        {},
        kwh("20.45"),
        "5.01",
        "5.56",
    ),
    ("complex, Monday", COMPLEX, {}, charge(165, 42, MAX_CURRENT="16"), "9.00", "10.30"),
    # Printed are 12.28 and 13.861, with 2.28 for 114 minutes at 1.25 an hour, which are 2.375.
    ("complex, Saturday", COMPLEX, {}, charge(114, 71, SATURDAY, MIN_CURRENT="43"), "12.375", "13.975"),
    ("free of charge", [element(component("FLAT", "0", None, 0))], {}, kwh("20"), "0", "0"),
    (
        "reservation price",
        [element(component("TIME", "5", "20", 60), reservation="RESERVATION"), *CHARGE],
        {},
        reserved(15),
        "6.75",
        "7.60",
    ),
    ("reservation price and fee", SIXTEEN, {}, reserved(13), "8.75", "10.00"),
    ("reservation price and expire fee", SEVENTEEN, {}, reserved(22), "6.50", "7.30"),
    ("reservation price and expire fee, expired", SEVENTEEN, {}, unused(60), "6.00", "7.20"),
    ("reservation time and expire time", EIGHTEEN, {}, reserved(22), "7.00", "7.90"),
    ("reservation time and expire time, expired", EIGHTEEN, {}, unused(90), "9.00", "10.80"),
    ("step_size, switching 1", STEPS, {}, charge(10, 2, local("16:55")), "0.55", None),
    ("step_size, switching 2", STEPS, {}, charge(35, 0, local("16:35")), "1.30", None),
    ("step_size, switching to free", STEPS, {}, charge(12, 20, local("19:40")), "0.73", None),
    ("not possible with OCPI, start fee", [element(component("FLAT", "0.40", "25"))], {}, kwh("20"), "0.40", "0.50"),
    ("step_size, 115.2 Wh", [element(component("ENERGY", "0.25"))], {}, kwh("0.1152"), "0.029", None),
    # The text rounds 0.03125 to 0.031.
    ("step_size, 25 Wh", [element(component("ENERGY", "0.25", None, 25))], {}, kwh("0.1152"), "0.0313", None),
    ("step_size, 25 Wh, first", [element(component("ENERGY", "0.25", None, 25))], {}, kwh("0.101"), "0.0313", None),
    ("step_size, 25 Wh, last", [element(component("ENERGY", "0.25", None, 25))], {}, kwh("0.125"), "0.0313", None),
    ("step_size, 500 Wh", [element(component("ENERGY", "0.25", None, 500))], {}, kwh("0.1152"), "0.125", None),
    ("step_size, 500 Wh, first", [element(component("ENERGY", "0.25", None, 500))], {}, kwh("0.001"), "0.125", None),
    ("step_size, 500 Wh, last", [element(component("ENERGY", "0.25", None, 500))], {}, kwh("0.500"), "0.125", None),
    (
        "max_power",
        POWERS,
        {},
        cdr_json(
            [
                (0, {"ENERGY": "1", "MAX_POWER": "6"}),
                (10, {"ENERGY": "40", "MIN_POWER": "48"}),
                (60, {"ENERGY": "0.5", "MAX_POWER": "4"}),
            ],
            lasts=70,
        ),
        "20.30",
        "24.36",
    ),
    (
        "max_duration",
        DURATIONS,
        {},
        cdr_json([(0, {"ENERGY": "5"}), (30, {"ENERGY": "1.2"})], lasts=40),
        "0.30",
        "0.36",
    ),
]
"""Name, elements and other fields of the tariff, CDR, and the total without and with tax."""

FEE = ("FLAT", "1", "0.50", "0.60")
TWENTY = ("ENERGY", "20", "5.00", "5.50")
BREAKDOWNS: dict[str, list[tuple[str, str, str, str | None]]] = {
    # The table of 2.3.0 has 20.45 kWh, 5.11 and 5.62.
    "alternative URL": [FEE, ("ENERGY", "20.5", "5.125", "5.6375")],
    "complex, Monday": [
        ("FLAT", "1", "2.50", "2.875"),
        ("TIME", "165", "2.75", "3.30"),
        ("PARKING_TIME", "45", "3.75", "4.125"),
    ],
    # Printed are 2.28 and 2.736 for the time.
    "complex, Saturday": [
        ("FLAT", "1", "2.50", "2.875"),
        ("TIME", "114", "2.375", "2.85"),
        ("PARKING_TIME", "75", "7.50", "8.25"),
    ],
    "reservation price": [FEE, TWENTY, ("TIME", "15", "1.25", "1.50")],
    "reservation price and fee": [("FLAT", "1", "2.00", "2.40"), ("TIME", "15", "1.25", "1.50"), FEE, TWENTY],
    "reservation price and expire fee": [("TIME", "30", "1.00", "1.20"), FEE, TWENTY],
    "reservation price and expire fee, expired": [("FLAT", "1", "4.00", "4.80"), ("TIME", "60", "2.00", "2.40")],
    "reservation time and expire time": [("TIME", "30", "1.50", "1.80"), FEE, TWENTY],
    "reservation time and expire time, expired": [("TIME", "90", "9.00", "10.80")],
    "step_size, switching 1": [
        ("TIME", "5", "0.10", None),
        ("TIME", "5", "0.20", None),
        ("PARKING_TIME", "15", "0.25", None),
    ],
    "step_size, switching 2": [("TIME", "25", "0.50", None), ("TIME", "20", "0.80", None)],
    "step_size, switching to free": [("TIME", "12", "0.48", None), ("PARKING_TIME", "15", "0.25", None)],
    # The text has 0.20 for the first and 0.10 for the last of the 1.5 kWh that cost the same.
    "max_power": [("ENERGY", "1.5", "0.30", "0.36"), ("ENERGY", "40", "20.00", "24.00")],
    "max_duration": [("ENERGY", "5", "0", "0"), ("ENERGY", "1.2", "0.30", "0.36")],
}
"""Of the examples that print one: what is billed in kWh, minutes or times, and what it costs without and with tax."""
