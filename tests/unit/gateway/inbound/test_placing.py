from services.gateway.inbound.placing import placed


def test_a_cdr_without_an_evse_names_none() -> None:
    given = {"id": "C1", "cdr_location": {"id": "L1"}}
    assert placed(given) == {"id": "C1", "cdr_location": {"id": "L1", "evse_uid": "#NA"}}
    assert given == {"id": "C1", "cdr_location": {"id": "L1"}}


def test_an_evse_that_is_named_stays() -> None:
    document = {"cdr_location": {"evse_uid": "E1"}}
    assert placed(document) is document


def test_what_is_no_cdr_is_left_to_those_who_check_it() -> None:
    for document in ({"id": "T1"}, {"cdr_location": "rubbish"}):
        assert placed(document) is document
