"""Examples of tokens and of answers that hold some."""

from tests.unit.gateway.ocpi.examples.parts import DATE, ISSUER, Document, Example, change


def tokens() -> dict[str, Example]:
    """All examples of tokens; they are the same in both versions."""
    token: Document = {
        **ISSUER,
        "uid": "77AA01",
        "type": "RFID",
        "contract_id": "PT-VIA-C00000077-X",
        "issuer": "Via",
        "valid": True,
        "whitelist": "ALLOWED_OFFLINE",
        "last_updated": DATE,
    }
    card = {**token, "visual_number": "77-001"}
    grouped = {**card, "group_id": "77-000"}
    contract = {"supplier_name": "Vento Srl", "contract_id": "V-1"}
    full = {**grouped, "language": "pt", "default_profile_type": "CHEAP", "energy_contract": contract}
    return {
        "token_example_1_app_user": Example("tokens", {**token, "type": "APP_USER"}),
        "token_example_2_full_rfid": Example("tokens", full),
        "token_put_example": Example("tokens", grouped),
        "token_patch_example": Example("token change", change(valid=False)),
        "transport_and_format_get_token_example": Example("answer with a token", answer(card)),
        "transport_and_format_get_token_list_example": Example("answer with tokens", answer([card, card])),
    }


def answer(data: object) -> Document:
    return {"data": data, "status_code": 1000, "status_message": "Done", "timestamp": DATE}
