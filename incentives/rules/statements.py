"""When a month may be closed, and the hash that a closed statement is known by."""

import json
from collections.abc import Iterable, Mapping
from datetime import date
from hashlib import sha256
from typing import Any

from common.period import Period
from common.verdict import Reason, Verdict, objections


def may_close(month: Period, *, today: date, earliest_open: date | None) -> Verdict:
    """A month may be closed when it is over and no statement of an earlier month is open."""
    is_over = month.last_day is not None and month.last_day < today
    earlier = earliest_open if earliest_open and earliest_open < month.starts_on else None
    return objections(
        [
            None if is_over else Reason("statement.month_not_over", {"month": f"{month.starts_on:%Y-%m}"}),
            Reason("statement.earlier_month_open", {"month": f"{earlier:%Y-%m}"}) if earlier else None,
        ]
    )


def content_hash(content: Mapping[str, Any]) -> str:
    """SHA-256 over the statement as canonical JSON: sorted keys, no spaces, amounts and dates as text."""
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=str)
    return sha256(text.encode()).hexdigest()


def combined_hash(hashes: Iterable[str]) -> str:
    """One hash over many, whatever order they come in."""
    return sha256("\n".join(sorted(hashes)).encode()).hexdigest()
