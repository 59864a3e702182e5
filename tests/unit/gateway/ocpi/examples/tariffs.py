"""Examples of tariffs."""

from typing import Any, Final

from tests.unit.gateway.ocpi.examples.parts import DATE, OWNER, Document, Example, without

WORKDAYS: Final = ["MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY"]


def tariffs(newer: bool) -> dict[str, Example]:
    """All examples of tariffs; `newer` ones are those of 2.3.0."""
    energy, start = priced("ENERGY", 0.41, 22), priced("FLAT", 0.9, 10)
    time, parking = priced("TIME", 1.6, 22, 120), priced("PARKING_TIME", 4.5, 10, 600)
    either = {"start_time": "06:00", "end_time": "22:00"}
    weekend = {"start_time": "08:00", "end_time": "20:00", "day_of_week": ["SUNDAY"]}
    complex_conditions = (
        None,
        {"max_current": 20},
        {"min_current": 20, "day_of_week": WORKDAYS},
        {"min_current": 20, "day_of_week": ["SATURDAY", "SUNDAY"]},
        {**either, "day_of_week": WORKDAYS},
        weekend,
    )
    told = [
        {"language": "it", "text": "Ricarica 1,60 euro ogni ora"},
        {"language": "pt", "text": "1,60 euros por hora"},
    ]
    ad_hoc = {"type": "AD_HOC_PAYMENT", "tariff_alt_text": told}
    reserved, expired = {"reservation": "RESERVATION"}, {"reservation": "RESERVATION_EXPIRES"}
    limit = limited(newer, 0.7, 0.85)
    address = "https://lum.example/prezzi/1"
    put = tariff(newer, [[time]])
    found = {
        "tariff_1_simple_2hour": tariff(newer, [[time]]),
        "tariff_2_alt_text": tariff(newer, [[time]], **ad_hoc),
        "tariff_3_alt_url": tariff(newer, [[start, energy]], type="PROFILE_GREEN", tariff_alt_url=address),
        "tariff_4_complex": tariff(
            newer,
            [[start], [time], [time], [time], [parking], [parking]],
            *complex_conditions,
            type="REGULAR",
            tariff_alt_url=address,
        ),
        "tariff_5_free_of_charge": tariff(newer, [[priced("FLAT", 0.0, step_size=0)]]),
        "tariff_6_025kwh_start_max_price": tariff(
            newer, [[start, energy]], max_price=limit, end_date_time="2027-01-31T22:59:59Z"
        ),
        "tariff_8_simple_025kwh": tariff(newer, [[energy]]),
        "tariff_9_025kwh_start": tariff(newer, [[start, energy]]),
        "tariff_10_025kwh_parking_start": tariff(newer, [[start, energy, parking]]),
        "tariff_11_not_possible_alt_text": tariff(newer, [[start, time]], **ad_hoc),
        "tariff_12_025kwh_min_price": tariff(newer, [[energy]], min_price=limit),
        "tariff_13_simple_3hour_5parking": tariff(newer, [[time, parking]]),
        "tariff_14_step_size": tariff(
            newer, [[priced("TIME", 1.5, step_size=1200), priced("PARKING_TIME", 2, step_size=300)]], either
        ),
        "tariff_15_reservation_5_euro_per_hour": tariff(newer, [[time], [start, energy]], reserved),
        "tariff_16_reservation_2_euro_fee_5_euro_per_hour": tariff(newer, [[start, time], [energy]], reserved),
        "tariff_17_reservation_with_expire_fee": tariff(newer, [[start], [time], [energy]], expired, reserved),
        "tariff_18_reservation_with_expire_time": tariff(newer, [[time], [time], [energy]], expired, reserved),
        "tariff_put_example": Example("tariffs", without(put.document, "last_updated"), "last_updated: missing"),
        "tariffrestriction_example_max_duration": tariff(
            newer, [[energy], [energy]], {"max_duration": 900}, type="PROFILE_FAST"
        ),
        "tariffrestriction_example_max_power": tariff(newer, [[energy], [energy]], {"max_power": 7.4}, type="REGULAR"),
    }
    if newer:
        unrated = [[priced("TIME", 1.9)]]
        found["tariff_19_simple_north_american_exclusive"] = tariff(newer, unrated)
        found["tariff_20_simple_north_american_inclusive"] = tariff(newer, unrated, tax_included="YES")
    return found


def limited(newer: bool, excluding: float, including: float) -> Document:
    names = ("before_taxes", "after_taxes") if newer else ("excl_vat", "incl_vat")
    return dict(zip(names, (excluding, including), strict=True))


def priced(kind: str, price: float, vat: float | None = None, step_size: int = 1) -> Document:
    found = {"type": kind, "price": price, "step_size": step_size}
    return found if vat is None else {**found, "vat": vat}


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
