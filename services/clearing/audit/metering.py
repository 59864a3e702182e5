"""The signed readings of a CDR: whether the meter signed them, and the CDR bills them. OCPI mod_cdrs, SignedData.

A CDR's own public key proves nothing, since who changes a reading can sign it anew: what counts is the key that the CSO
registered for the meter.
"""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from services.clearing.audit.cases import Case
from services.clearing.audit.claims import SignedData, SignedValue
from services.clearing.audit.codes import Code
from services.clearing.audit.findings import Finding, find
from services.core import meter_values
from services.core.meter_values import MeterReading, Record, Uncheckable, Unusable

_OCMF: Final = "ocmf"


def signed(case: Case) -> Iterator[Finding]:
    """Verify the signed readings, and find what contradicts them."""
    data, keys = case.claim.signed, _registered(case)
    if data is None:
        if keys and case.claim.is_charging:
            yield _unverified("the CSO registered a key of the meter, and the CDR has no signed readings")
    elif not data.encoding_method.strip().casefold().startswith(_OCMF):
        yield _unverified(f"encoding method {data.encoding_method[:40]} is not supported")
    elif keys and data.public_key is not None and _own(data) not in keys:
        yield find(Code.METER_KEY_MISMATCH, registered=len(keys))
    elif data.withheld:
        yield _unverified(f"{data.withheld} of them may tell who charged, and stay sealed")
    elif not data.values:
        yield _unverified("there are none")
    else:
        yield from _too_much(case, data) or _verified(case, data, keys)


def _unverified(reason: str) -> Finding:
    return find(Code.METER_VALUES_UNVERIFIED, reason=reason)


def _registered(case: Case) -> list[bytes]:
    if not case.facts.meter_keys:
        return []
    keys = (meter_values.key_bytes(key) for key in case.facts.meter_keys)
    return list(dict.fromkeys(key for key in keys if key is not None))[: case.rules.max_meter_keys]


def _too_much(case: Case, data: SignedData) -> list[Finding]:
    most, longest = case.rules.max_signed_values, case.rules.max_signed_value_characters
    if len(data.values) > most:
        return [find(Code.METER_VALUES_UNREADABLE, value=most + 1, reason=f"only {most} are looked at")]
    return [
        find(Code.METER_VALUES_UNREADABLE, value=number, reason=f"it has more than {longest} characters")
        for number, value in enumerate(data.values, 1)
        if max(len(value.signed_data), len(value.plain_data)) > longest
    ]


def _verified(case: Case, data: SignedData, registered: Collection[bytes]) -> Iterator[Finding]:
    own = _own(data)
    keys = list(registered) if own is None else [own]
    if not keys:
        yield _unverified("neither the CDR nor the CSO gives the public key")
        return
    records, findings = _checked(data.values, keys)
    yield from findings
    if findings:
        return
    if not registered:
        yield _unverified("they fit the CDR's own key, and the CSO registered none")
    yield from _against_cdr(case, records)


def _own(data: SignedData) -> bytes | None:
    return None if data.public_key is None else meter_values.key_bytes(data.public_key)


def _checked(values: Sequence[SignedValue], keys: Sequence[bytes]) -> tuple[list[Record], list[Finding]]:
    """Return the records, and what is wrong with some of them."""
    records: list[Record] = []
    findings: list[Finding] = []
    for number, value in enumerate(values, 1):
        try:
            record = meter_values.read(value.signed_data)
            if not _fits(value, record, keys):
                findings.append(find(Code.METER_SIGNATURE_INVALID, value=number, nature=value.nature[:40]))
            elif _is_other(value.plain_data, record):
                reason = "its plain data is not what was signed"
                findings.append(find(Code.METER_VALUES_UNREADABLE, value=number, reason=reason))
            records.append(record)
        except Unusable as error:
            findings.append(find(Code.METER_VALUES_UNREADABLE, value=number, reason=error))
        except Uncheckable as error:
            findings.append(_unverified(f"signed reading {number}: {error}"))
    return records, findings


def _fits(value: SignedValue, record: Record, keys: Sequence[bytes]) -> bool:
    """Say whether a reading was signed with one of the keys; the CDR's own is the only one where it has one."""
    if value.fits_own_key is not None:
        return value.fits_own_key
    return any(meter_values.is_signed_by(record, key) for key in keys)


def _is_other(plain_data: str, record: Record) -> bool:
    """Say whether the plain data is OCMF too and another one; in what form it is, OCPI leaves to the encoding."""
    plain = plain_data.strip()
    if plain.startswith("OCMF|"):
        return plain.split("|", 2)[1] != record.payload
    return plain.startswith("{") and plain != record.payload


def _against_cdr(case: Case, records: Sequence[Record]) -> Iterator[Finding]:
    if len({record.meter for record in records}) > 1:
        yield find(Code.METER_VALUES_UNREADABLE, value=len(records), reason="it is of another meter than the first")
        return
    readings = [reading for record in records for reading in record.readings]
    # Behind the cable counts, where the meter says it.
    readings = [each for each in readings if each.compensated] or readings
    energies = _energies(readings)
    if not energies:
        yield _unverified("a reading of the begin or of the end is missing")
    elif all(_apart(case, energy) for energy in energies):
        yield find(Code.METER_ENERGY_MISMATCH, energy=case.claim.energy, signed=energies[0])
    yield from _times(case, readings)


def _energies(readings: Sequence[MeterReading]) -> list[Decimal]:
    """Return what each register counted from the first begin to the last end."""
    energies = []
    for register in dict.fromkeys(reading.register for reading in readings):
        begins = [each.kwh for each in readings if each.register == register and each.begins]
        ends = [each.kwh for each in readings if each.register == register and each.ends]
        if begins and ends:
            energies.append(ends[-1] - begins[0])
    return energies


def _apart(case: Case, signed_energy: Decimal) -> bool:
    return abs(case.claim.energy - signed_energy) > case.rules.meter_energy_tolerance_kwh


def _times(case: Case, readings: Sequence[MeterReading]) -> Iterator[Finding]:
    """Find readings outside the session; within it they may lie anywhere, as a car may stay when it is full."""
    if not case.claim.times_known:
        return
    tolerance = timedelta(seconds=case.rules.meter_time_tolerance_seconds)
    for which, at in _first_and_last(readings):
        for time, late in ((case.claim.started_at, False), (case.claim.ended_at, True)):
            outside = at - time if late else time - at
            if outside > tolerance:
                yield find(Code.METER_TIME_MISMATCH, which=which, read=at, time=time)
                return


def _first_and_last(readings: Sequence[MeterReading]) -> Iterator[tuple[str, datetime]]:
    begin = next((each.at for each in readings if each.begins and each.at is not None), None)
    end = next((each.at for each in reversed(readings) if each.ends and each.at is not None), None)
    if begin is not None:
        yield "begin", begin
    if end is not None:
        yield "end", end
