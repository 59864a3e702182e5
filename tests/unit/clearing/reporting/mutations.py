"""Good files of partners, and ways to spoil them: seeded, so that a test finds the same each time."""

import copy
import json
from collections.abc import Mapping
from random import Random
from typing import Any, Final

from tests.unit.clearing.reporting.samples import TARIFF, cdr

NO_NUMBERS: Final[tuple[Any, ...]] = (
    "NaN",
    "Infinity",
    "-Infinity",
    "many",
    "1,5",
    "1_000",
    "",
    "0x10",
    [],
    {},
    True,
    [1],
    {"volume": 1},
)
"""What stands where a number should, and is none. Bare ones of them are made of the texts, as some JSON writers do."""

ODD_NUMBERS: Final = (
    *(-1, 0, -0.0, 1e-9, 1e-30, 1e19, 10**25, 1e308, -1e308, 12345678901234567890, 0.1234567890123, "4.5", "1e5"),
    *(10**400, -(10**20), 99999999999999999999.99999999),
)
_TIMES: Final = (
    *("9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z", "1970-01-01T00:00:00Z", "2025-02-30T00:00:00Z", "soon"),
    *("2025-03-01T10:00:00+14:00", "2025-03-01T10:00:00", "2026-03-01T10:00:00Z", "2025-03-01", "2025-03-01T25:61:00Z"),
)
_WORDS: Final = (
    *("", " ", "\u0000", "\u202e", "é" * 300, "x" * 5000, "EUR", "CHF", "ENERGY", "GAS", "#NA", "Mars/Olympus"),
    *("../../etc/passwd", "=1+1", "<script>", "\x1b[2J", "NONSENSE", "T1", "C1", "💶"),
)
_DEEPEST: Final = 12
_ANY: Final[tuple[Any, ...]] = (
    None,
    True,
    [],
    {},
    [[]],
    [None],
    {"a": []},
    *_WORDS,
    *_TIMES,
    *NO_NUMBERS,
    *ODD_NUMBERS,
)


def newer(document: Mapping[str, Any]) -> dict[str, Any]:
    """A CDR of 2.2.1 as 2.3.0 has it."""
    cost = document["total_cost"]
    tax = {"name": "VAT", "amount": round(cost["incl_vat"] - cost["excl_vat"], 4)}
    tariffs = [{**each, "tax_included": "NO"} for each in document["tariffs"]]
    return {**document, "tariffs": tariffs, "total_cost": {"before_taxes": cost["excl_vat"], "taxes": [tax]}}


def tariff() -> dict[str, Any]:
    """A tariff with one of everything."""
    limits = {"min_price": {"excl_vat": 0.5, "incl_vat": 0.6}, "max_price": {"excl_vat": 90, "incl_vat": 99}}
    restrictions = {
        **{"start_time": "08:00", "end_time": "20:00", "start_date": "2025-01-01", "end_date": "2026-01-01"},
        **{"min_kwh": 1, "max_kwh": 50, "min_current": 0, "max_current": 99, "min_power": 0, "max_power": 99},
        **{"min_duration": 0, "max_duration": 90_000, "day_of_week": ["MONDAY", "SATURDAY"], "reservation": None},
    }
    component = {"type": "TIME", "price": 1.5, "vat": 21, "step_size": 60}
    element = {"price_components": [component], "restrictions": restrictions}
    validity = {"start_date_time": "2025-01-01T00:00:00Z", "end_date_time": "2027-01-01T00:00:00Z"}
    return {**TARIFF, **limits, **validity, "elements": [element, *TARIFF["elements"]]}


def document(number: int) -> dict[str, Any]:
    """A CDR with nothing wrong and with most that one can have, of either version by turns."""
    found = cdr(number, evse=f"E{number}", card=f"X{number}", total_parking_time=0, credit=False)
    found["total_energy_cost"] = {"excl_vat": found["total_cost"]["excl_vat"]}
    found["tariffs"] = [tariff()]
    found["signed_data"] = {"encoding_method": "OCMF", "signed_values": [{"nature": "END", "signed_data": "x"}]}
    if number % 2:
        return found
    return newer(found) | {"total_energy_cost": {"before_taxes": found["total_energy_cost"]["excl_vat"]}}


def location() -> dict[str, Any]:
    """The location of the CDRs."""
    connector = {"id": "1", "power_type": "AC_3_PHASE", "max_voltage": 230, "max_amperage": 32}
    connector["max_electric_power"] = 22_000
    evses = [{"uid": "E1", "connectors": [connector]}]
    return {"country_code": "NL", "party_id": "CSO", "id": "L1", "time_zone": "Europe/Amsterdam", "evses": evses}


def session() -> dict[str, Any]:
    """The session of the first CDR."""
    found = cdr(1, evse="E1", card="X1")
    kept = ("country_code", "party_id", "start_date_time", "end_date_time", "cdr_token", "currency")
    more = {"id": "S1", "kwh": 10, "location_id": "L1", "evse_uid": "E1", "connector_id": "1", "status": "COMPLETED"}
    return {name: found[name] for name in kept} | more


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place within a document, but for those that were buried deep."""
    if len(path) > _DEEPEST:
        return [path]
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    found = [place for name, each in inner for place in places(each, (*path, name))]
    return [path, *found] if path else found


def spoiled(good: Mapping[str, Any], random: Random, most: int = 3) -> dict[str, Any]:
    """The document with up to so many places changed, removed, doubled or buried."""
    found = copy.deepcopy(dict(good))
    for _ in range(random.randint(1, most)):
        path = random.choice(places(found) or [()])
        if not path:
            break
        inner: Any = found
        for name in path[:-1]:
            inner = inner[name]
        _spoil(inner, path[-1], random)
    return found


def _spoil(inner: Any, name: Any, random: Random) -> None:
    way = random.randrange(10)
    if way == 0:
        del inner[name]
    elif way == 1 and isinstance(inner, list):
        inner += [inner[name]] * random.choice((1, 3))
    elif way == 2 and isinstance(inner, list):
        inner.reverse()
    elif way == 3:
        inner[name] = nested(inner[name], random.choice((1, 50, 210)))
    else:
        inner[name] = copy.deepcopy(random.choice(_ANY))


def nested(value: Any, levels: int) -> Any:
    """A value within so many lists."""
    for _ in range(levels):
        value = [value]
    return value


def as_text(document: object, random: Random) -> bytes:
    """JSON of a document, and now and then such as no writer should write."""
    text = json.dumps(document, ensure_ascii=random.random() < 0.5)
    if random.random() < 0.2:
        bare = random.choice(("NaN", "Infinity", "-Infinity", "1e999999999", "00", "+1", ".5", "1.", "-"))
        text = text.replace(random.choice((": 10", ": 1", ": 4.0")), f": {bare}", 1)
    if random.random() < 0.1:
        text = text.replace("{", '{"id": "twice", ', 1)
    return text.encode()


def broken(content: bytes, random: Random) -> bytes:
    """Bytes of a file with some changed, lost, or put in."""
    found = bytearray(content)
    for _ in range(random.randint(1, 6)):
        place = random.randrange(len(found))
        way = random.randrange(5)
        if way == 0:
            found[place] = random.randrange(256)
        elif way == 1:
            del found[place : place + random.choice((1, 10, 500))]
        elif way == 2:
            found[place:place] = random.choice((b"\x00", b"\xff\xfe", b'"', b"\r", b"\n", b"{", b"]", b"\xef\xbb\xbf"))
        elif way == 3:
            found[place:place] = found[place : place + 100]
        else:
            del found[random.choice((place, len(found))) :]
        if not found:
            return b"\n"
    return bytes(found)
