"""Examples of tariffs."""

from typing import Any, Final

from tests.unit.gateway.ocpi.examples.parts import DATE, OWNER, Document, Example, without

WORKDAYS: Final = ["MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY"]


def priced(kind: str, price: float, vat: float | None = None, step_size: int = 1) -> Document:
    found = {"type": kind, "price": price, "step_size": step_size}
    return found if vat is None else {**found, "vat": vat}


ENERGY, START = priced("ENERGY", 0.41, 22), priced("FLAT", 0.9, 10)
TIME, PARKING = priced("TIME", 1.6, 22, 120), priced("PARKING_TIME", 4.5, 10, 600)
ADDRESS: Final = "https://lum.example/prezzi/1"


def tariffs(newer: bool) -> dict[str, Example]:
    """All examples of tariffs; `newer` ones are those of 2.3.0."""
    found = {**_plain(newer), **_described(newer), **_restricted(newer), **_reserving(newer)}
    if newer:
        unrated = [[priced("TIME", 1.9)]]
        found["tariff_19_simple_north_american_exclusive"] = tariff(newer, unrated)
        found["tariff_20_simple_north_american_inclusive"] = tariff(newer, unrated, tax_included="YES")
    return found


def _plain(newer: bool) -> dict[str, Example]:
    limit = limited(newer, 0.7, 0.85)
    put = tariff(newer, [[TIME]])
    return {
        "tariff_1_simple_2hour": put,
        "tariff_5_free_of_charge": tariff(newer, [[priced("FLAT", 0.0, step_size=0)]]),
        "tariff_6_025kwh_start_max_price": tariff(
            newer, [[START, ENERGY]], max_price=limit, end_date_time="2027-01-31T22:59:59Z"
        ),
        "tariff_8_simple_025kwh": tariff(newer, [[ENERGY]]),
        "tariff_9_025kwh_start": tariff(newer, [[START, ENERGY]]),
        "tariff_10_025kwh_parking_start": tariff(newer, [[START, ENERGY, PARKING]]),
        "tariff_12_025kwh_min_price": tariff(newer, [[ENERGY]], min_price=limit),
        "tariff_13_simple_3hour_5parking": tariff(newer, [[TIME, PARKING]]),
        "tariff_put_example": Example("tariffs", without(put.document, "last_updated"), "last_updated: missing"),
    }


def _described(newer: bool) -> dict[str, Example]:
    told = [
        {"language": "it", "text": "Ricarica 1,60 euro ogni ora"},
        {"language": "pt", "text": "1,60 euros por hora"},
    ]
    ad_hoc = {"type": "AD_HOC_PAYMENT", "tariff_alt_text": told}
    return {
        "tariff_2_alt_text": tariff(newer, [[TIME]], **ad_hoc),
        "tariff_3_alt_url": tariff(newer, [[START, ENERGY]], type="PROFILE_GREEN", tariff_alt_url=ADDRESS),
        "tariff_11_not_possible_alt_text": tariff(newer, [[START, TIME]], **ad_hoc),
    }


def _restricted(newer: bool) -> dict[str, Example]:
    either = {"start_time": "06:00", "end_time": "22:00"}
    weekend = {"start_time": "08:00", "end_time": "20:00", "day_of_week": ["SUNDAY"]}
    stepped = [priced("TIME", 1.5, step_size=1200), priced("PARKING_TIME", 2, step_size=300)]
    return {
        "tariff_4_complex": tariff(
            newer,
            [[START], [TIME], [TIME], [TIME], [PARKING], [PARKING]],
            None,
            {"max_current": 20},
            {"min_current": 20, "day_of_week": WORKDAYS},
            {"min_current": 20, "day_of_week": ["SATURDAY", "SUNDAY"]},
            {**either, "day_of_week": WORKDAYS},
            weekend,
            type="REGULAR",
            tariff_alt_url=ADDRESS,
        ),
        "tariff_14_step_size": tariff(newer, [stepped], either),
        "tariffrestriction_example_max_duration": tariff(
            newer, [[ENERGY], [ENERGY]], {"max_duration": 900}, type="PROFILE_FAST"
        ),
        "tariffrestriction_example_max_power": tariff(newer, [[ENERGY], [ENERGY]], {"max_power": 7.4}, type="REGULAR"),
    }


def _reserving(newer: bool) -> dict[str, Example]:
    reserved, expired = {"reservation": "RESERVATION"}, {"reservation": "RESERVATION_EXPIRES"}
    return {
        "tariff_15_reservation_5_euro_per_hour": tariff(newer, [[TIME], [START, ENERGY]], reserved),
        "tariff_16_reservation_2_euro_fee_5_euro_per_hour": tariff(newer, [[START, TIME], [ENERGY]], reserved),
        "tariff_17_reservation_with_expire_fee": tariff(newer, [[START], [TIME], [ENERGY]], expired, reserved),
        "tariff_18_reservation_with_expire_time": tariff(newer, [[TIME], [TIME], [ENERGY]], expired, reserved),
    }


def limited(newer: bool, excluding: float, including: float) -> Document:
    names = ("before_taxes", "after_taxes") if newer else ("excl_vat", "incl_vat")
    return dict(zip(names, (excluding, including), strict=True))


def tariff(newer: bool, elements: list[list[Document]], *restrictions: Document | None, **fields: Any) -> Example:
    """A tariff of elements with these components, and these restrictions in their order."""
    conditions = [*restrictions, *[None] * len(elements)]
    found = [
        {"price_components": components}
        if condition is None
        else {"price_components": components, "restrictions": condition}
        for components, condition in zip(elements, conditions, strict=False)
    ]
    stated = {"tax_included": "NO"} if newer else {}
    document = {**OWNER, "id": "T1", "currency": "EUR", "elements": found, **stated, "last_updated": DATE}
    return Example("tariffs", {**document, **fields})
