import pytest

from services.gateway.deliveries.modes import ways

CSO, CSP = "FR-SUN", "NL-CSP"


@pytest.mark.parametrize(
    ("module", "expected"),
    [
        ("locations", ((CSO, CSP),)),
        ("cdrs", ((CSO, CSP),)),
        ("tokens", ((CSP, CSO),)),
        ("invoicereconciliation", ((CSO, CSP), (CSP, CSO))),
    ],
)
def test_whose_objects_go_to_whom(module: str, expected: tuple[tuple[str, str], ...]) -> None:
    assert ways(module, CSO, CSP) == expected
