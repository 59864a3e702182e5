"""Whether a credential may use a service, and who must be asked: pure decisions.

Source: OCPI 2.2.1 mod_tokens, "WhitelistType" and "Real-time authorization". A whitelist is the home-CSP's rule on who
decides; an agreement is a precondition of everything and may widen what we decide ourselves.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final, NamedTuple

from schemas.models.gateway import AuthorizationAnswered, AuthorizationRequested


class Whitelist(StrEnum):
    """Who may decide about a credential."""

    ALWAYS = "ALWAYS"
    """The home-CSP never wants to be asked."""
    ALLOWED = "ALLOWED"
    """The CSO may choose; one that asks us has chosen to have the home-CSP asked, unless the agreement trusts us."""
    ALLOWED_OFFLINE = "ALLOWED_OFFLINE"
    """The home-CSP is asked; others may decide only while it is out of reach."""
    NEVER = "NEVER"
    """The home-CSP alone decides."""


class Result(StrEnum):
    """What comes out. The last three are no statement of the home-CSP about its driver."""

    ALLOWED = "ALLOWED"
    BLOCKED = "BLOCKED"
    EXPIRED = "EXPIRED"
    NO_CREDIT = "NO_CREDIT"
    NOT_ALLOWED = "NOT_ALLOWED"
    UNKNOWN = "UNKNOWN"
    UNREACHABLE = "UNREACHABLE"
    TIMED_OUT = "TIMED_OUT"
    NO_AGREEMENT = "NO_AGREEMENT"


class DecidedBy(StrEnum):
    """Where a decision comes from."""

    WHITELIST = "WHITELIST"
    HOME_CSP = "HOME_CSP"
    AGREEMENT = "AGREEMENT"


ANSWERS: Final = frozenset(
    {Result.ALLOWED, Result.BLOCKED, Result.EXPIRED, Result.NO_CREDIT, Result.NOT_ALLOWED, Result.UNKNOWN}
)
"""What a home-CSP can say."""


class Credential(NamedTuple):
    """What a home-CSP issued, without the card number; `audience` is empty or the only CSO that it is meant for."""

    pseudonym: str
    audience: str
    version: int
    home_csp: str
    whitelist: str
    valid: bool
    removed: bool


class Agreement(NamedTuple):
    """What a visited-CSO and a home-CSP agreed on, as far as it matters here."""

    agreement_id: str
    version: int
    status: str
    services: tuple[str, ...]
    decide_when_unreachable: bool
    trust_whitelist: bool
    valid_from: datetime
    valid_until: datetime | None

    def covers(self, service: str, now: datetime) -> bool:
        """Say whether drivers may buy this service under it now."""
        in_time = self.valid_from <= now and (self.valid_until is None or now < self.valid_until)
        return self.status == "ACTIVE" and in_time and service in self.services


class Fact(NamedTuple):
    """Something that a decision was based on."""

    kind: str
    id: str
    version: int


@dataclass(frozen=True, slots=True)
class Decided:
    """A decision, with all that is needed to come to it again.

    Attributes:
        home_csp: The credential's home-CSP; empty where nobody knows it.
        facts: The question and what was known, by their ids and versions; what is not named was not known.
        decided_at: The decision's now.
        authorization_reference: The home-CSP's, of what it allowed.
    """

    result: Result
    decided_by: DecidedBy
    home_csp: str
    facts: tuple[Fact, ...]
    decided_at: datetime
    authorization_reference: str | None = None


@dataclass(frozen=True, slots=True)
class Ask:
    """The home-CSP has to be asked, under this agreement."""

    home_csp: str
    agreement_id: str
    agreement_version: int


Question = AuthorizationRequested | AuthorizationAnswered


def is_expired(question: Question, now: datetime) -> bool:
    """Say whether the asking CSO has stopped waiting."""
    return question.deadline <= now


def is_readable(question: Question) -> bool:
    """Say whether facts can be looked up for it: PostgreSQL takes no NUL character in a text, though Avro does."""
    return "\0" not in question.pseudonym + question.visited_cso + question.home_csp


def choose(question: Question, candidates: Iterable[Credential]) -> Credential | None:
    """Choose the credential that counts for the asking CSO.

    One meant for that CSO alone counts before one for everybody, and one that still stands before one taken back.
    """
    meant = (each for each in candidates if each.audience in {"", question.visited_cso})
    return min(meant, key=lambda each: (each.removed, not each.audience), default=None)


def decide(
    request: AuthorizationRequested, credential: Credential | None, agreement: Agreement | None, now: datetime
) -> Decided | Ask:
    """Decide a CSO's question from what we know, or say that the home-CSP is to be asked.

    Args:
        request: The question.
        credential: See `choose`; None where none was issued to us.
        agreement: The newest between the CSO and the home-CSP; None where there never was one.
        now: The time of the decision.
    """
    standing = _standing(request, credential)
    home_csp = request.home_csp or (standing.home_csp if standing else "")
    verdict = _Verdict(request, credential, agreement, home_csp, now)
    if not home_csp:
        return verdict.of(Result.UNKNOWN, DecidedBy.WHITELIST)
    if agreement is None or not agreement.covers(request.service, now):
        return verdict.of(Result.NO_AGREEMENT, DecidedBy.AGREEMENT)
    if standing is not None and _is_ours(standing, agreement):
        return verdict.of(_by_validity(standing), DecidedBy.WHITELIST)
    return Ask(home_csp, agreement.agreement_id, agreement.version)


def conclude(
    answered: AuthorizationAnswered, credential: Credential | None, agreement: Agreement | None, now: datetime
) -> Decided:
    """Decide after the home-CSP was asked: its answer, or what its silence leaves to us.

    Arguments as for `decide`, as they are known when the answer is there.
    """
    verdict = _Verdict(answered, credential, agreement, answered.home_csp, now)
    if agreement is None or not agreement.covers(answered.service, now):
        return verdict.of(Result.NO_AGREEMENT, DecidedBy.AGREEMENT)
    if answered.answer in ANSWERS:
        return verdict.of(Result(answered.answer), DecidedBy.HOME_CSP, answered.authorization_reference)
    standing = _standing(answered, credential)
    if standing is not None and _is_ours(standing, agreement):
        return verdict.of(_by_validity(standing), DecidedBy.WHITELIST)
    if standing is not None and _is_ours_offline(standing, agreement):
        return verdict.of(_by_validity(standing), DecidedBy.AGREEMENT)
    silence = Result.TIMED_OUT if answered.failure == "TIMEOUT" else Result.UNREACHABLE
    return verdict.of(silence, DecidedBy.HOME_CSP)


def _standing(question: Question, credential: Credential | None) -> Credential | None:
    """Return the credential unless it was taken back, or is another home-CSP's than the one that the CSO names."""
    if credential is None or credential.removed:
        return None
    return credential if question.home_csp in {"", credential.home_csp} else None


def _is_ours(credential: Credential, agreement: Agreement) -> bool:
    if credential.whitelist == Whitelist.ALLOWED:
        return agreement.trust_whitelist
    return credential.whitelist == Whitelist.ALWAYS


def _is_ours_offline(credential: Credential, agreement: Agreement) -> bool:
    may = credential.whitelist in {Whitelist.ALLOWED, Whitelist.ALLOWED_OFFLINE}
    return may and agreement.decide_when_unreachable


def _by_validity(credential: Credential) -> Result:
    return Result.ALLOWED if credential.valid else Result.BLOCKED


class _Verdict(NamedTuple):
    """What all decisions about one question have in common."""

    question: Question
    credential: Credential | None
    agreement: Agreement | None
    home_csp: str
    now: datetime

    def of(self, result: Result, decided_by: DecidedBy, reference: str | None = None) -> Decided:
        kept = reference if result is Result.ALLOWED else None
        return Decided(result, decided_by, self.home_csp, self._facts(), self.now, kept)

    def _facts(self) -> tuple[Fact, ...]:
        kind = "ANSWER" if isinstance(self.question, AuthorizationAnswered) else "REQUEST"
        facts = [Fact(kind, str(self.question.event_id), 1)]
        if self.credential is not None:
            key = f"{self.credential.pseudonym}|{self.credential.audience}"
            facts.append(Fact("CREDENTIAL", key, self.credential.version))
        if self.agreement is not None:
            facts.append(Fact("AGREEMENT", self.agreement.agreement_id, self.agreement.version))
        return tuple(facts)
