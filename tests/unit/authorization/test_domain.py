"""The decision tables, every combination, and what holds for all decisions."""

from datetime import timedelta
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.authorization.domain import (
    ANSWERS,
    Agreement,
    Ask,
    Credential,
    Decided,
    DecidedBy,
    Fact,
    Result,
    Whitelist,
    choose,
    conclude,
    decide,
    is_expired,
    is_readable,
)
from tests.unit.authorization.questions import NOW, agreement, answer, credential, request, silence

ASK = Ask("NL-TNM", "agreement-1", 2)
EITHER = (True, False)

# OCPI 2.2.1 mod_tokens, WhitelistType: (whitelist, does the agreement trust it, valid) -> what we decide, None is: ask.
WHITELISTS: dict[tuple[str, bool, bool], Result | None] = {
    ("ALWAYS", True, True): Result.ALLOWED,
    ("ALWAYS", True, False): Result.BLOCKED,
    ("ALWAYS", False, True): Result.ALLOWED,
    ("ALWAYS", False, False): Result.BLOCKED,
    ("ALLOWED", True, True): Result.ALLOWED,
    ("ALLOWED", True, False): Result.BLOCKED,
    ("ALLOWED", False, True): None,
    ("ALLOWED", False, False): None,
    ("ALLOWED_OFFLINE", True, True): None,
    ("ALLOWED_OFFLINE", True, False): None,
    ("ALLOWED_OFFLINE", False, True): None,
    ("ALLOWED_OFFLINE", False, False): None,
    ("NEVER", True, True): None,
    ("NEVER", True, False): None,
    ("NEVER", False, True): None,
    ("NEVER", False, False): None,
}

# The home-CSP was asked and did not answer: (whitelist, may we decide then, valid) -> what we decide, None is: nothing.
SILENCES: dict[tuple[str, bool, bool], tuple[Result, DecidedBy] | None] = {
    ("ALWAYS", True, True): (Result.ALLOWED, DecidedBy.WHITELIST),
    ("ALWAYS", True, False): (Result.BLOCKED, DecidedBy.WHITELIST),
    ("ALWAYS", False, True): (Result.ALLOWED, DecidedBy.WHITELIST),
    ("ALWAYS", False, False): (Result.BLOCKED, DecidedBy.WHITELIST),
    ("ALLOWED", True, True): (Result.ALLOWED, DecidedBy.AGREEMENT),
    ("ALLOWED", True, False): (Result.BLOCKED, DecidedBy.AGREEMENT),
    ("ALLOWED", False, True): None,
    ("ALLOWED", False, False): None,
    ("ALLOWED_OFFLINE", True, True): (Result.ALLOWED, DecidedBy.AGREEMENT),
    ("ALLOWED_OFFLINE", True, False): (Result.BLOCKED, DecidedBy.AGREEMENT),
    ("ALLOWED_OFFLINE", False, True): None,
    ("ALLOWED_OFFLINE", False, False): None,
    ("NEVER", True, True): None,
    ("NEVER", True, False): None,
    ("NEVER", False, True): None,
    ("NEVER", False, False): None,
}

NO_AGREEMENTS: list[Agreement | None] = [
    None,
    agreement(status="ENDED"),
    agreement(valid_from=NOW + timedelta(milliseconds=1)),
    agreement(valid_until=NOW),
    agreement(services=("PARKING",)),
]

credentials = st.none() | st.builds(
    credential,
    audience=st.sampled_from(["", "GB-DCC"]),
    home_csp=st.sampled_from(["NL-TNM", "DE-XYZ"]),
    whitelist=st.sampled_from([*Whitelist, "A_WHITELIST_OF_A_LATER_RELEASE"]),
    valid=st.booleans(),
    removed=st.booleans(),
    version=st.integers(1, 2**63 - 1),
)
agreements = st.none() | st.builds(
    agreement,
    status=st.sampled_from(["ACTIVE", "ENDED"]),
    services=st.sampled_from([("CHARGING",), ("PARKING",)]),
    decide_when_unreachable=st.booleans(),
    trust_whitelist=st.booleans(),
    valid_until=st.sampled_from([None, NOW, NOW + timedelta(hours=1)]),
)
requests = st.builds(request, home_csp=st.sampled_from(["", "NL-TNM"]))
codes = st.sampled_from([*ANSWERS, "A_CODE_OF_A_LATER_RELEASE"])
answers = st.builds(answer, answer=codes, authorization_reference=st.none() | st.just("reference-1")) | st.builds(
    silence, st.sampled_from(["TIMEOUT", "UNREACHABLE", "BAD_ANSWER"])
)


def decided(outcome: Decided | Ask) -> Decided:
    assert isinstance(outcome, Decided)
    return outcome


def test_the_tables_are_complete() -> None:
    assert set(WHITELISTS) == set(SILENCES) == set(product(Whitelist, EITHER, EITHER))


@pytest.mark.parametrize("offline", EITHER)
@pytest.mark.parametrize("named", ["NL-TNM", ""])
@pytest.mark.parametrize(("whitelist", "trusted", "valid"), WHITELISTS)
@pytest.mark.ocpi_rule(21)
def test_the_whitelist_says_who_decides(whitelist: str, trusted: bool, valid: bool, named: str, offline: bool) -> None:
    issued = credential(whitelist=whitelist, valid=valid)
    terms = agreement(trust_whitelist=trusted, decide_when_unreachable=offline)
    outcome = decide(request(home_csp=named), issued, terms, NOW)
    if (expected := WHITELISTS[whitelist, trusted, valid]) is None:
        assert outcome == ASK
    else:
        assert (decided(outcome).result, decided(outcome).decided_by) == (expected, DecidedBy.WHITELIST)


@pytest.mark.parametrize("failure", ["TIMEOUT", "UNREACHABLE", "BAD_ANSWER"])
@pytest.mark.parametrize(("whitelist", "offline", "valid"), SILENCES)
def test_what_a_silent_home_csp_leaves_to_us(whitelist: str, offline: bool, valid: bool, failure: str) -> None:
    issued = credential(whitelist=whitelist, valid=valid)
    outcome = conclude(silence(failure), issued, agreement(decide_when_unreachable=offline), NOW)
    ours = SILENCES[whitelist, offline, valid]
    told = Result.TIMED_OUT if failure == "TIMEOUT" else Result.UNREACHABLE
    assert (outcome.result, outcome.decided_by) == (ours or (told, DecidedBy.HOME_CSP))


@pytest.mark.parametrize("missing", NO_AGREEMENTS)
@pytest.mark.parametrize("whitelist", [*Whitelist, None])
def test_without_an_agreement_nothing_else_counts(whitelist: str | None, missing: Agreement | None) -> None:
    issued = credential(whitelist=whitelist) if whitelist else None
    for outcome in (decide(request(), issued, missing, NOW), conclude(answer(), issued, missing, NOW)):
        assert (decided(outcome).result, decided(outcome).decided_by) == (Result.NO_AGREEMENT, DecidedBy.AGREEMENT)


@pytest.mark.parametrize("said", sorted(ANSWERS))
@pytest.mark.parametrize("whitelist", [*Whitelist, None])
def test_what_the_home_csp_says_stands(whitelist: str | None, said: Result) -> None:
    issued = credential(whitelist=whitelist, valid=False) if whitelist else None
    outcome = conclude(answer(answer=said.value, authorization_reference="R1"), issued, agreement(), NOW)
    assert (outcome.result, outcome.decided_by) == (said, DecidedBy.HOME_CSP)
    assert outcome.authorization_reference == ("R1" if said is Result.ALLOWED else None)


def test_an_answer_that_says_nothing_we_know_is_no_yes() -> None:
    assert conclude(answer(answer="PERHAPS"), None, agreement(), NOW).result is Result.UNREACHABLE


UNKNOWN_CREDENTIALS = [
    None,
    credential(removed=True, whitelist="ALWAYS"),
    credential(home_csp="DE-XYZ", whitelist="ALWAYS"),
]


@pytest.mark.parametrize("issued", UNKNOWN_CREDENTIALS)
def test_of_an_unknown_credential_the_named_home_csp_is_asked(issued: Credential | None) -> None:
    assert decide(request(), issued, agreement(trust_whitelist=True), NOW) == ASK


@pytest.mark.parametrize("issued", UNKNOWN_CREDENTIALS)
def test_of_an_unknown_credential_silence_allows_nothing(issued: Credential | None) -> None:
    outcome = conclude(silence(), issued, agreement(decide_when_unreachable=True), NOW)
    assert outcome.result is Result.UNREACHABLE


@pytest.mark.parametrize("issued", [None, credential(removed=True)])
def test_an_unknown_credential_of_nobody_is_unknown(issued: Credential | None) -> None:
    outcome = decided(decide(request(home_csp=""), issued, None, NOW))
    assert (outcome.result, outcome.decided_by, outcome.home_csp) == (Result.UNKNOWN, DecidedBy.WHITELIST, "")


def test_an_agreement_counts_from_its_first_to_before_its_last_moment() -> None:
    terms = agreement(valid_from=NOW, valid_until=NOW + timedelta(milliseconds=1))
    assert terms.covers("CHARGING", NOW)
    assert not terms.covers("CHARGING", NOW + timedelta(milliseconds=1))
    assert not terms.covers("CHARGING", NOW - timedelta(milliseconds=1))


@pytest.mark.parametrize(
    ("candidates", "chosen"),
    [
        ([], None),
        ([credential(audience="FR-ABC")], None),
        ([credential(version=1)], 1),
        ([credential(version=1), credential(version=2, audience="GB-DCC")], 2),
        ([credential(version=1), credential(version=2, audience="GB-DCC", removed=True)], 1),
        ([credential(version=1, removed=True)], 1),
        ([credential(version=1, removed=True), credential(version=2, audience="GB-DCC", removed=True)], 2),
    ],
)
def test_the_credential_that_counts(candidates: list[Credential], chosen: int | None) -> None:
    for order in (candidates, candidates[::-1]):
        found = choose(request(), order)
        assert (found and found.version) == chosen


def test_a_question_ends_with_its_deadline() -> None:
    assert is_expired(request(deadline=NOW), NOW)
    assert not is_expired(request(deadline=NOW + timedelta(milliseconds=1)), NOW)


@pytest.mark.parametrize("name", ["pseudonym", "visited_cso", "home_csp"])
def test_no_question_reaches_the_database_with_what_it_cannot_take(name: str) -> None:
    assert is_readable(request())
    assert not is_readable(request(**{name: "a\0"}))


@given(requests, credentials, agreements)
def test_a_decision_names_all_that_was_known(asked: Any, issued: Credential | None, terms: Agreement | None) -> None:
    outcome = decide(asked, issued, terms, NOW)
    if isinstance(outcome, Ask):
        return
    expected = [Fact("REQUEST", str(asked.event_id), 1)]
    expected += [Fact("CREDENTIAL", f"p1|{issued.audience}", issued.version)] if issued else []
    expected += [Fact("AGREEMENT", "agreement-1", 2)] if terms else []
    assert (outcome.facts, outcome.decided_at) == (tuple(expected), NOW)


@given(requests, credentials, agreements)
def test_a_yes_of_ours_needs_a_valid_credential_that_is_ours_to_decide(
    asked: Any, issued: Credential | None, terms: Agreement | None
) -> None:
    outcome = decide(asked, issued, terms, NOW)
    if isinstance(outcome, Decided) and outcome.result is Result.ALLOWED:
        assert issued is not None
        assert terms is not None
        assert issued.valid
        assert not issued.removed
        assert issued.whitelist in {"ALWAYS", "ALLOWED"}
        assert terms.status == "ACTIVE"
        assert outcome.home_csp == issued.home_csp


@given(requests, credentials, agreements)
def test_the_asked_home_csp_is_never_one_without_an_agreement(
    asked: Any, issued: Credential | None, terms: Agreement | None
) -> None:
    outcome = decide(asked, issued, terms, NOW)
    if isinstance(outcome, Ask):
        assert terms is not None
        assert terms.covers("CHARGING", NOW)
        assert outcome == Ask(asked.home_csp or (issued.home_csp if issued else ""), terms.agreement_id, terms.version)


@given(answers, credentials, agreements)
def test_after_asking_there_is_always_a_decision_that_names_what_was_known(
    answered: Any, issued: Credential | None, terms: Agreement | None
) -> None:
    outcome = conclude(answered, issued, terms, NOW)
    assert outcome.facts[0] == Fact("ANSWER", str(answered.event_id), 1)
    assert len(outcome.facts) == 1 + (issued is not None) + (terms is not None)
    assert outcome.authorization_reference is None or outcome.result is Result.ALLOWED


def decide_again(outcome: Decided, archive: dict[Fact, Any]) -> Decided | Ask:
    """Come to a decision again from nothing but itself and an archive of facts."""
    found = {fact.kind: archive[fact] for fact in outcome.facts}
    known = found.get("CREDENTIAL"), found.get("AGREEMENT"), outcome.decided_at
    return decide(found["REQUEST"], *known) if "REQUEST" in found else conclude(found["ANSWER"], *known)


@given(requests | answers, st.lists(credentials, max_size=4), st.lists(agreements, max_size=4), st.data())
def test_recompute(question: Any, issued: list[Any], concluded: list[Any], data: st.DataObject) -> None:
    kind = "REQUEST" if "answer" not in type(question).model_fields else "ANSWER"
    archive: dict[Fact, Any] = {Fact(kind, str(question.event_id), 1): question}
    for version, each in enumerate(filter(None, issued), start=1):
        archive[Fact("CREDENTIAL", f"p1|{each.audience}", version)] = each._replace(version=version)
    for version, each in enumerate(filter(None, concluded), start=1):
        archive[Fact("AGREEMENT", "agreement-1", version)] = each._replace(version=version)
    used = data.draw(st.sampled_from([None, *(fact for fact in archive if fact.kind == "CREDENTIAL")]))
    terms = data.draw(st.sampled_from([None, *(fact for fact in archive if fact.kind == "AGREEMENT")]))
    known = used and archive[used], terms and archive[terms], NOW
    outcome = decide(question, *known) if kind == "REQUEST" else conclude(question, *known)
    if isinstance(outcome, Decided):
        assert decide_again(outcome, archive) == outcome
