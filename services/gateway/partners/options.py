"""What one partner's system needs otherwise than the text has it: its quirks, and the bounds of what it may ask of us.

Each has a name and a default; a partner without settings of its own has the defaults, and no quirk of one partner
touches another.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from services.core.errors import BadContent
from services.gateway.ocpi.modules import ModuleId
from services.gateway.partners.tokens import Style
from services.runtime.logs import logger

_log = logger(__name__)

PerMinute = Annotated[int, Field(gt=0, le=10_000_000)]
Bytes = Annotated[int, Field(gt=0, le=100_000_000)]
Rows = Annotated[int, Field(gt=0, le=100_000)]
Requests = Annotated[int, Field(gt=0, le=10_000)]
Seconds = Annotated[int, Field(ge=10, le=31_536_000)]
Host = Annotated[str, Field(pattern=r"^[A-Za-z0-9.-]{1,253}(:[0-9]{1,5})?$")]
Pulled = Literal["cdrs", "invoicereconciliation", "locations", "sessions", "tariffs", "tokens"]
Pulling = Literal["AUTO", "ALWAYS", "OFF"]
MinTls = Literal["1.3", "1.2"]


class PartnerOptions(BaseModel):
    """The settings of one partner's platform. Quirks come first, then bounds; None leaves a bound to the deployment.

    Attributes:
        authorization_style: How our token is written in requests to it: BASE64 (as OCPI 2.2.1 has it) or RAW. None: as
            the handshake finds out.
        trailing_slash: Whether the path of every URL of its modules that we call ends with a slash, and of every one of
            ours that we list for it: it appends ids without a slash of its own.
        pages_without_link: Whether its lists lack the header `Link`: offsets are then counted here, until a page is
            empty or not full.
        answers_in_lists: Whether its answers to what it is asked or told (authorization, commands) have their object in
            a list.
        assume_last_updated: Whether objects that it sends may lack `last_updated`; they are dated by their arrival, the
            parts of a location like the location.
        assume_evse_uid: Whether CDRs that it sends may lack the EVSE of their location; they then name none (`#NA`),
            and clearing compares it with nothing.
        party_id_case: How country codes and party ids are written in URLs, routing headers and objects that go to it:
            UPPER (objects keep what their owner wrote) or LOWER. Those that it writes compare without case anyway.
        dates: How DateTimes are written in what goes to it: ZULU (`...Z`, as OCPI has it), WITHOUT_ZONE, or OFFSET
            (`...+00:00`). CDRs too are rewritten where it is not ZULU. Those that it writes are understood in any form.
        min_tls: The oldest version of TLS in requests to it. It calls us with 1.3 whatever stands here.
        push: Whether anything is pushed to it; without, it has to pull, and what is meant for it waits in lists.
        pull: How each module is pulled from it. AUTO, which holds for one that is missing: everything after its
            registration and now and then, and what changed while it pushes nothing. ALWAYS: what changed too, though
            it pushes. OFF: not at all.
        pull_seconds: Between two pulls of what changed.
        reconcile_seconds: Between two pulls of everything.
        pull_page_rows: How many objects a page is asked to have.
        link_hosts: Further hosts, as `name` or `name:port`, that the `Link` of its pages may lead to. Our token is sent
            there.
        requests_per_minute: How often it may call each module; one that is missing has the deployment's bound.
        max_body_bytes: Of a request of its; not above the listener's own bound.
        max_page_rows: The most objects that a list answers it at once.
        max_concurrent_requests: How many of its requests one replica answers at the same time.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    authorization_style: Style | None = None
    trailing_slash: bool = False
    listed_with_slash: bool = False
    pages_without_link: bool = False
    answers_in_lists: bool = False
    assume_last_updated: bool = False
    assume_evse_uid: bool = False
    party_id_case: Literal["UPPER", "LOWER"] = "UPPER"
    dates: Literal["ZULU", "WITHOUT_ZONE", "OFFSET"] = "ZULU"
    min_tls: MinTls = "1.3"
    push: bool = True
    pull: Mapping[Pulled, Pulling] = Field(default_factory=dict)
    pull_seconds: Seconds | None = None
    reconcile_seconds: Seconds | None = None
    pull_page_rows: Rows | None = None
    link_hosts: tuple[Host, ...] = ()
    requests_per_minute: Mapping[ModuleId, PerMinute] = Field(default_factory=dict)
    max_body_bytes: Bytes | None = None
    max_page_rows: Rows | None = None
    max_concurrent_requests: Requests | None = None


DEFAULT: Final = PartnerOptions()


def checked(values: Mapping[str, Any]) -> PartnerOptions:
    """Return the options that these values set; null leaves one at its default.

    Raises:
        BadContent: naming each option that does not exist or cannot have its value.
    """
    given = {name: value for name, value in values.items() if value is not None}
    try:
        return PartnerOptions.model_validate(given)
    except ValidationError as error:
        places = error.errors(include_url=False, include_input=False, include_context=False)
        raise BadContent("; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in places)) from None


def stored(options: PartnerOptions) -> dict[str, Any]:
    """Return what is kept of options: those that were set, so that defaults may change with a release."""
    return options.model_dump(mode="json", exclude_unset=True)


def loaded(values: Mapping[str, Any] | None) -> PartnerOptions:
    """Return options as they were stored; what another release knows and this one does not, is left out."""
    if not values:
        return DEFAULT
    found = {name: value for name, value in values.items() if name in PartnerOptions.model_fields}
    try:
        return checked(found)
    except BadContent as error:
        # The partner goes on with the defaults: a quirk is no reason to cut it off.
        _log.error("a partner's options cannot be used", reason=str(error))
        return DEFAULT


def patched(values: Mapping[str, Any], change: Mapping[str, Any]) -> dict[str, Any]:
    """Return values after a change: what it names is replaced, null takes it away (RFC 7396)."""
    result = dict(values)
    for name, value in change.items():
        held = result.get(name)
        if value is None:
            result.pop(name, None)
        elif isinstance(value, Mapping):
            result[name] = patched(held if isinstance(held, Mapping) else {}, value)
        else:
            result[name] = value
    return result
