"""Every example that OCPI's text has: one of our own like it, and the text's where a checkout of it is at hand.

`OCPI_TEXT` names a folder that holds the text's versions as `2.2.1` and `2.3.0`, each with its folder `examples`.
"""

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import pytest

from services.core.clock import parse_utc
from services.gateway.objects import difference
from services.gateway.ocpi import documents
from services.gateway.ocpi.bridging import convert
from services.gateway.ocpi.envelope import OcpiError
from services.gateway.ocpi.mappings import mapping
from services.gateway.ocpi.versions import V2_2_1, V2_3_0, Version
from services.gateway.partners.registration import choose_version, read_credentials, read_endpoints
from services.gateway.states import Push
from tests.unit.gateway import samples
from tests.unit.gateway import samples_2_3_0 as newer
from tests.unit.gateway.ocpi.examples import examples
from tests.unit.gateway.ocpi.examples.parts import Example
from tests.unit.gateway.ocpi.travelling import MODULES, through_event

OTHER: Final = {V2_2_1: V2_3_0, V2_3_0: V2_2_1}
OURS: Final = {version: examples(version.number) for version in OTHER}
EACH: Final = [
    pytest.param(version, name, id=f"{version.number}-{name}") for version in OTHER for name in OURS[version]
]
TEXT: Final = os.environ.get("OCPI_TEXT")
_SKIP: Final = pytest.mark.skip(reason="OCPI_TEXT names no checkout of OCPI's text: its own examples are not read")
OF_THE_TEXT: Final = EACH if TEXT else [pytest.param(V2_2_1, "", id="no-text", marks=_SKIP)]


@pytest.mark.parametrize(("version", "name"), EACH)
def test_an_example_of_our_own(version: Version, name: str) -> None:
    ours = OURS[version][name]
    check_example(version, Example(ours.kind, read(json.dumps(ours.document).encode()), ours.error))


@pytest.mark.parametrize(("version", "name"), OF_THE_TEXT)
def test_an_example_of_the_text(version: Version, name: str) -> None:
    ours = OURS[version][name]
    check_example(version, Example(ours.kind, of_the_text(version, name), ours.error))


@pytest.mark.parametrize(("version", "name"), OF_THE_TEXT)
def test_an_example_of_our_own_has_what_the_texts_has(version: Version, name: str) -> None:
    assert set(paths(OURS[version][name].document)) == set(paths(of_the_text(version, name)))


@pytest.mark.skipif(not TEXT, reason=_SKIP.kwargs["reason"])
@pytest.mark.parametrize("version", list(OTHER), ids=lambda version: version.number)
def test_no_example_of_the_text_is_left_out(version: Version) -> None:
    folder = Path(TEXT or "", version.number, "examples")
    assert {path.stem for path in folder.glob("*.json")} == set(OURS[version])


def check_example(version: Version, example: Example) -> None:
    """See that an example is taken, comes out equal, and goes through the other version; or what is wrong with it."""
    if example.error:
        with pytest.raises(OcpiError) as caught:
            list(objects_of(version, example))
        assert caught.value.status == 2001
        assert example.error in str(caught.value)
        return
    for module, document in objects_of(version, example):
        back = through_event(version, module, document)
        assert difference(document, back) is None
        assert back["last_updated"] == document["last_updated"]
        there = convert(module, document, version, OTHER[version])
        assert difference(there, through_event(OTHER[version], module, there)) is None
        if version is V2_2_1:
            assert difference(document, convert(module, there, V2_3_0, V2_2_1)) is None


def objects_of(version: Version, example: Example) -> Iterator[tuple[str, dict[str, Any]]]:
    """Return the whole objects that an example is, or is a part or a change of; none for what is no object."""
    kind, document = example.kind, example.document
    if kind in MODULES:
        mapping(version, kind).read(document)
        yield kind, document
    elif kind in CHANGES:
        yield changed(version, *CHANGES[kind], document)
    elif kind in {"answer with a token", "answer with tokens"}:
        data = document["data"]
        yield from (("tokens", token) for token in (data if isinstance(data, list) else [data]))
    elif kind == "location fields":
        yield "locations", {**held(version, "locations"), **document}
    elif kind == "hours":
        yield "locations", {**held(version, "locations"), "opening_times": document}
    elif kind == "display text":
        yield "tariffs", {**held(version, "tariffs"), "tariff_alt_text": [document]}
    else:
        check_platform(kind, document)


# What is changed of which module, and where in a location.
CHANGES: Final[Mapping[str, tuple[str, tuple[str, ...], bool]]] = {
    "location change": ("locations", (), True),
    "evse change": ("locations", ("E1",), True),
    "connector change": ("locations", ("E1", "1"), True),
    "evse": ("locations", ("3256",), False),
    "session change": ("sessions", (), True),
    "token change": ("tokens", (), True),
}


def changed(
    version: Version, module: str, part: tuple[str, ...], patch: bool, document: Any
) -> tuple[str, dict[str, Any]]:
    """Return a sample after a change or with a part more."""
    objects = mapping(version, module)
    if not patch:
        objects.parts[len(part) - 1](document)
    date = parse_utc(document["last_updated"])
    push = Push("FR-SUN", "X1", document, b"", date, "c", version, part=part, patch=patch)
    assert objects.merge is not None
    return module, objects.merge(push, held(version, module)).document


def held(version: Version, module: str) -> dict[str, Any]:
    made_by = newer if version is V2_3_0 else samples
    maker = {
        "locations": made_by.location,
        "tariffs": made_by.tariff,
        "tokens": made_by.token,
        "sessions": made_by.session,
    }
    return samples.parsed(maker[module]())


def check_platform(kind: str, document: Any) -> None:
    data = document["data"] if kind.startswith("answer with ") else document
    match kind.removeprefix("answer with "):
        case "versions":
            assert choose_version([*data, {"version": "2.2.1", "url": "https://lum.example"}], [V2_2_1])
        case "version details":
            assert read_endpoints(data, 9)
        case "credentials":
            assert read_credentials(data, 9).roles
        case other:
            raise AssertionError(other)


def of_the_text(version: Version, name: str) -> Any:
    body = Path(TEXT or "", version.number, "examples", f"{name}.json").read_bytes()
    return read(body.removeprefix(b"\xef\xbb\xbf"))


def read(body: bytes) -> Any:
    # A list is no body of a push, and is put into one to be read by the same parser.
    return documents.parse(b'{"read":' + body + b"}", documents.STORED_DEPTH)["read"]


def paths(value: Any, place: str = "") -> Iterator[tuple[str, str]]:
    """Return all places of a document with the kind of what is there; entries of a list are one place."""
    if isinstance(value, Mapping):
        for name, each in value.items():
            yield from paths(each, f"{place}.{name}")
    elif isinstance(value, list):
        for each in value:
            yield from paths(each, f"{place}[]")
    else:
        kinds = {bool: "yes or no", str: "text"}
        yield place, kinds.get(type(value), "number")
