from collections.abc import Sequence

import pytest

from services.gateway.calls import Call
from services.gateway.inbound.invoices import chosen, sole_receiver
from services.gateway.ocpi.envelope import OcpiError, Status
from services.gateway.ocpi.headers import MessageIds, Routing
from services.gateway.ocpi.versions import V2_3_0
from services.gateway.partners.peers import Peer

HUB = "NL-RWT"


def call(receiver: str | None = None) -> Call:
    peer = Peer("sun", frozenset({"FR-SUN"}), {"FR-SUN": frozenset({"CSO"})}, registered=True)
    return Call(V2_3_0, "DELETE", {}, {}, "", b"", MessageIds("r", "c"), Routing("FR-SUN", receiver), peer)


@pytest.mark.ocpi_rule(17)
def test_the_cdrs_tell_whom_an_invoice_is_for() -> None:
    assert chosen(["NL-CSP"]) == "NL-CSP"


@pytest.mark.parametrize(("shared", "status"), [([], Status.UNKNOWN_RECEIVER), (["DE-ZZZ", "NL-CSP"], Status.INVALID)])
def test_cdrs_of_nobody_or_of_two(shared: Sequence[str], status: int) -> None:
    with pytest.raises(OcpiError) as caught:
        chosen(shared)
    assert caught.value.status == status


@pytest.mark.parametrize(
    ("receiver", "known", "meant"),
    [
        ("NL-CSP", ["DE-ZZZ", "NL-CSP"], "NL-CSP"),
        (None, ["NL-CSP"], "NL-CSP"),
        (HUB, ["NL-CSP"], "NL-CSP"),
        (None, [], ""),
    ],
)
def test_which_record_is_meant(receiver: str | None, known: Sequence[str], meant: str) -> None:
    assert sole_receiver(call(receiver), HUB, known) == meant


def test_of_several_records_one_has_to_be_named() -> None:
    with pytest.raises(OcpiError, match="OCPI-to"):
        sole_receiver(call(), HUB, ["DE-ZZZ", "NL-CSP"])
