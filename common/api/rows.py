"""Decoding batches: thousands of rows a call, without a serializer per row.

The fast way decodes the whole body in one go. Only if that fails, the body is taken apart row by row and field by
field, so that the answer names everything that is wrong at once.
"""

from functools import cache
from typing import Any, TypeVar

import msgspec
from django.utils.translation import gettext as _
from rest_framework.exceptions import ParseError

from common.api.problems import FieldErrors, RowsInvalid, TooLarge

MOST_ROWS = 1000
T = TypeVar("T", bound=msgspec.Struct)


class _Loose(msgspec.Struct, forbid_unknown_fields=True):
    rows: list[msgspec.Raw]


def decode_rows(body: bytes, row_type: type[T]) -> list[T]:
    """The rows of ``{"rows": […]}``. Refuses malformed JSON (400), too many rows (413), and invalid ones (422)."""
    try:
        rows: list[T] = _decoder(row_type).decode(body).rows
    except msgspec.ValidationError as error:
        _explain(body, row_type, str(error))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ParseError(_("The body is not valid JSON.")) from error
    if len(rows) > MOST_ROWS:
        raise TooLarge(_("At most %(limit)s rows are possible in one call.") % {"limit": MOST_ROWS})
    return rows


@cache
def _decoder(row_type: type[T]) -> Any:
    envelope = msgspec.defstruct("Envelope", [("rows", list[row_type])], forbid_unknown_fields=True)  # type: ignore[valid-type]
    return msgspec.json.Decoder(envelope)


def _explain(body: bytes, row_type: type[T], problem: str) -> None:
    """Raise `RowsInvalid` with every fault that can be found."""
    try:
        loose = msgspec.json.decode(body, type=_Loose)
    except msgspec.ValidationError:
        raise RowsInvalid({"rows": [_error(problem)]}) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ParseError(_("The body is not valid JSON.")) from error
    found: FieldErrors = {}
    for number, raw in enumerate(loose.rows):
        _explain_row(raw, row_type, f"rows[{number}]", found)
    raise RowsInvalid(found or {"rows": [_error(problem)]})


def _explain_row(raw: msgspec.Raw, row_type: type[T], place: str, found: FieldErrors) -> None:
    try:
        msgspec.json.decode(raw, type=row_type)
        return
    except msgspec.ValidationError as error:
        whole = str(error)
    before = len(found)
    try:
        sent = msgspec.json.decode(raw, type=dict[str, msgspec.Raw])
    except msgspec.ValidationError:
        sent = {}
    fields = {field.encode_name: field for field in msgspec.structs.fields(row_type)}
    for name in sent.keys() - fields.keys():
        found[f"{place}.{name[:60]}"] = [{"code": "row.field_unknown", "message": _("There is no such field.")}]
    for name, field in fields.items():
        if name in sent:
            _explain_field(sent[name], field.type, f"{place}.{name}", found)
        elif field.required and sent:
            found[f"{place}.{name}"] = [{"code": "row.field_missing", "message": _("This field is missing.")}]
    if len(found) == before:
        found[place] = [_error(whole)]


def _explain_field(raw: msgspec.Raw, kind: Any, place: str, found: FieldErrors) -> None:
    try:
        msgspec.json.decode(raw, type=kind)
    except msgspec.ValidationError as error:
        text, _at, inner = str(error).partition(" - at `$")
        found[place + inner.rstrip("`")] = [_error(text)]


def _error(message: str) -> dict[str, str]:
    return {"code": "row.field_invalid", "message": message}
