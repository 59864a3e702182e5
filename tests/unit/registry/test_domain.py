"""Partners and agreements: what an act makes of them, what repeats do, what is refused."""

from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

import pytest

from services.core.errors import BadContent, Conflict
from services.registry.domain import (
    Agreement,
    AgreementStatus,
    Partner,
    PartnerStatus,
    conclude,
    end,
    invite,
    reissue,
    remove,
    resume,
    suspend,
)
from services.registry.proposals import Invitation, Role, Terms

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
LIFETIME = timedelta(hours=72)
INVITATION = Invitation(party="nl-tnm", name="The New Motion", roles=(Role.CSP,))
TERMS = Terms(visited_cso="GB-DCC", home_csp="NL-TNM")
CSO = Partner("GB-DCC", 1, PartnerStatus.INVITED, "Dundee", "dundee", (Role.CSO,))
CSP = Partner("NL-TNM", 1, PartnerStatus.ACTIVE, "The New Motion", "tnm", (Role.CSP,))


def invited(**other: Any) -> Partner:
    return invite(None, INVITATION.model_copy(update=other), "first token", LIFETIME, NOW)


def concluded(terms: Terms = TERMS) -> Agreement:
    return conclude(None, terms, [CSO, CSP], "agreement-1", NOW)


def test_an_invited_partner_may_register_for_a_while_and_only_the_hash_of_its_token_is_kept() -> None:
    partner = invited()
    assert partner == Partner(
        party="NL-TNM",
        version=1,
        status=PartnerStatus.INVITED,
        name="The New Motion",
        platform="NL-TNM",
        roles=(Role.CSP,),
        registration_token_hash=sha256(b"first token").hexdigest(),
        registration_expires_at=NOW + LIFETIME,
    )


def test_the_same_invitation_again_changes_nothing() -> None:
    partner = invited()
    assert invite(partner, INVITATION, "second token", LIFETIME, NOW + LIFETIME) is partner


@pytest.mark.parametrize("other", [{"name": "Other"}, {"roles": (Role.CSO,)}, {"platform": "shared"}])
def test_another_invitation_of_the_same_party_is_a_conflict(other: dict[str, Any]) -> None:
    with pytest.raises(Conflict, match="NL-TNM is already a partner"):
        invite(invited(), INVITATION.model_copy(update=other), "second token", LIFETIME, NOW)


def test_a_removed_partner_is_invited_anew_under_the_next_version() -> None:
    removed = remove(invited())
    again = invite(removed, INVITATION.model_copy(update={"name": "New name"}), "second token", LIFETIME, NOW)
    assert (removed.version, again.version, again.status, again.name) == (2, 3, PartnerStatus.INVITED, "New name")


def test_a_new_token_replaces_the_former_one() -> None:
    later = NOW + timedelta(days=30)
    partner = reissue(invited(), "second token", LIFETIME, later)
    assert partner.version == 2
    assert partner.registration_token_hash == sha256(b"second token").hexdigest()
    assert partner.registration_expires_at == later + LIFETIME


@pytest.mark.parametrize("stop", [suspend, remove])
def test_a_suspended_or_removed_partner_has_no_token_and_gets_none(stop: Any) -> None:
    partner = stop(invited())
    assert partner.registration_token_hash is None
    assert partner.registration_expires_at is None
    with pytest.raises(Conflict, match="may not register"):
        reissue(partner, "second token", LIFETIME, NOW)


def test_a_suspension_can_be_lifted_and_each_act_repeated() -> None:
    suspended = suspend(CSP)
    resumed = resume(suspended)
    assert (suspended.status, resumed.status) == (PartnerStatus.SUSPENDED, PartnerStatus.ACTIVE)
    assert (CSP.version, suspended.version, resumed.version) == (1, 2, 3)
    assert suspend(suspended) is suspended
    assert resume(resumed) is resumed
    assert remove(remove(CSP)).version == 2


def test_resuming_an_invited_partner_keeps_its_token() -> None:
    partner = invited()
    assert resume(partner) is partner


@pytest.mark.parametrize("act", [suspend, resume])
def test_a_removed_partner_comes_back_by_invitation_only(act: Any) -> None:
    with pytest.raises(Conflict, match="invite it anew"):
        act(remove(CSP))


def test_an_agreement_begins_when_it_is_concluded_unless_the_terms_say_when() -> None:
    assert concluded() == Agreement("agreement-1", 1, AgreementStatus.ACTIVE, TERMS, NOW, None)
    later = NOW + timedelta(days=1)
    assert concluded(TERMS.model_copy(update={"valid_from": later})).valid_from == later


@pytest.mark.parametrize("valid_from", [None, NOW])
def test_the_same_terms_again_change_nothing(valid_from: datetime | None) -> None:
    agreement = concluded()
    repeated = TERMS.model_copy(update={"valid_from": valid_from})
    assert conclude(agreement, repeated, [CSO, CSP], "agreement-2", NOW + LIFETIME) is agreement


@pytest.mark.parametrize(
    "other",
    [
        {"trust_whitelist": True},
        {"rounding_digits": 3},
        {"valid_from": NOW + LIFETIME},
        {"valid_until": NOW + LIFETIME},
    ],
)
def test_other_terms_while_an_agreement_stands_are_a_conflict(other: dict[str, Any]) -> None:
    with pytest.raises(Conflict, match="end it first"):
        conclude(concluded(), TERMS.model_copy(update=other), [CSO, CSP], "agreement-2", NOW)


def test_after_the_end_the_pair_may_agree_anew_and_its_versions_go_on() -> None:
    ended = end(concluded(), NOW + LIFETIME)
    assert (ended.version, ended.status, ended.valid_until) == (2, AgreementStatus.ENDED, NOW + LIFETIME)
    assert end(ended, NOW + LIFETIME * 2) is ended
    again = conclude(ended, TERMS, [CSO, CSP], "agreement-2", NOW + LIFETIME)
    assert (again.agreement_id, again.version, again.status) == ("agreement-2", 3, AgreementStatus.ACTIVE)


def test_an_agreement_that_ran_out_gives_way_and_is_not_ended_any_more() -> None:
    ran_out = concluded(TERMS.model_copy(update={"valid_until": NOW + LIFETIME}))
    assert end(ran_out, NOW + LIFETIME) is ran_out, "ending it would overtake the pair's next agreement"
    again = conclude(ran_out, TERMS, [CSO, CSP], "agreement-2", NOW + LIFETIME)
    assert (again.agreement_id, again.version) == ("agreement-2", 2)


@pytest.mark.parametrize(
    ("partners", "why"),
    [
        ([CSP], "GB-DCC is not a partner"),
        ([CSO], "NL-TNM is not a partner"),
        ([CSO, Partner("NL-TNM", 1, PartnerStatus.ACTIVE, "x", "x", (Role.CSO,))], "NL-TNM is not a CSP"),
        ([CSP, Partner("GB-DCC", 1, PartnerStatus.ACTIVE, "x", "x", (Role.CSP,))], "GB-DCC is not a CSO"),
    ],
)
def test_both_must_be_partners_with_the_right_role(partners: list[Partner], why: str) -> None:
    with pytest.raises(BadContent, match=why):
        conclude(None, TERMS, partners, "agreement-1", NOW)


@pytest.mark.parametrize("stop", [suspend, remove])
def test_who_is_out_of_business_concludes_nothing(stop: Any) -> None:
    with pytest.raises(Conflict, match="GB-DCC is"):
        conclude(None, TERMS, [stop(CSO), CSP], "agreement-1", NOW)


@pytest.mark.parametrize(
    "dates",
    [
        {"valid_until": NOW},
        {"valid_until": NOW - LIFETIME, "valid_from": NOW - LIFETIME * 2},
        {"valid_until": NOW + LIFETIME, "valid_from": NOW + LIFETIME},
    ],
)
def test_an_agreement_must_have_time_left(dates: dict[str, datetime]) -> None:
    with pytest.raises(BadContent, match="valid_until"):
        concluded(TERMS.model_copy(update=dates))
