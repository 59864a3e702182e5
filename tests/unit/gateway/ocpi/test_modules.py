from services.gateway.ocpi.modules import CONFIGURATION, FUNCTIONAL, MODULES


def test_each_module_is_of_one_kind() -> None:
    assert CONFIGURATION | FUNCTIONAL == MODULES
    assert not CONFIGURATION & FUNCTIONAL
