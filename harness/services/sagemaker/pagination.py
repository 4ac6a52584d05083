"""List operations: one way to filter, sort and page for all of them.

A token says after which record to go on, by what the records are sorted on, so that none appears twice or is
missed when others come or go between two pages. What AWS's tokens hold is not known; they are opaque.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from harness.model import Json
from harness.services.sagemaker.validation import refused

_PAGE = (
    10  # documented for ListTransformJobs ("The default value is 10"), and what the others are seen to answer
)

Numbered = tuple[int, Json]


@dataclass(frozen=True)
class Listing:
    """What one List operation reads and answers, by the names of a record's members.

    `name` is what NameContains searches; `sorts` maps the values of SortBy to members; `equals` pairs a
    filter's parameter with the member that it must be equal to (StatusEquals with ProcessingJobStatus).
    """

    output: str
    summary: tuple[str, ...]
    name: str
    sorts: dict[str, str]
    default_order: str = "Ascending"
    equals: tuple[tuple[str, str], ...] = ()


def listed(listing: Listing, params: Json, numbered: Iterable[Numbered]) -> Json:
    """The operation's answer. Records come with their numbers (Table.numbered), which settle what sorts
    equal.

    Raises AwsError ValidationException for a NextToken that is not ours.
    """
    kept = [
        (number, record)
        for number, record in numbered
        if all(record.get(member) == params[name] for name, member in listing.equals if name in params)
    ]
    sort = listing.sorts[params.get("SortBy", "CreationTime")]
    order = params.get("SortOrder", listing.default_order)
    shown, token = _page(kept, params, listing.name, "CreationTime", sort, order == "Descending")
    summaries = [{m: record[m] for m in listing.summary if m in record} for record in shown]
    return {listing.output: summaries} | ({"NextToken": token} if token else {})


def page(
    rows: list[Json], params: Json, *, name: str = "", created: str = "CreationTime", descending: bool = False
) -> tuple[list[Json], str | None]:
    """One page of rows, and the token of the next, for operations that make their own summaries.

    Rows without a member `created` stay in the order in which they come. Raises as `listed` does.
    """
    sort = name if params.get("SortBy") == "Name" else created
    order = params.get("SortOrder", "Descending" if descending else "Ascending")
    return _page(list(enumerate(rows)), params, name, created, sort, order == "Descending")


def moment(value: Any) -> datetime:
    """A timestamp parameter, however the gateway read it: epoch seconds, ISO 8601, or a datetime (naive is
    UTC)."""
    if isinstance(value, int | float):
        return datetime.fromtimestamp(value, UTC)
    read = datetime.fromisoformat(value) if isinstance(value, str) else value
    return read if read.tzinfo else read.replace(tzinfo=UTC)


def _page(
    numbered: list[Numbered], params: Json, name: str, created: str, sort: str, descending: bool
) -> tuple[list[Json], str | None]:
    def key(row: Numbered) -> tuple[Any, int]:
        return _sortable(row[1].get(sort)), row[0]

    kept = [row for row in numbered if _wanted(params, name, created, row[1])]
    kept.sort(key=key, reverse=descending)
    if "NextToken" in params:
        last = _opened(params["NextToken"], sort)
        kept = [row for row in kept if (key(row) < last if descending else key(row) > last)]
    size = params.get("MaxResults", _PAGE)
    shown = kept[:size]
    token = _token(sort, *key(shown[-1])) if len(kept) > size else None
    return [record for _, record in shown], token


def _wanted(params: Json, name: str, created: str, record: Json) -> bool:
    if params.get("NameContains", "") not in str(record.get(name, "")):
        return False
    limits = (
        ("CreationTimeAfter", created, _AFTER),
        ("CreatedAfter", created, _AFTER),
        ("CreationTimeBefore", created, _BEFORE),
        ("CreatedBefore", created, _BEFORE),
        ("LastModifiedTimeAfter", "LastModifiedTime", _AFTER),
        ("LastModifiedTimeBefore", "LastModifiedTime", _BEFORE),
    )
    return all(
        holds(record[member], moment(params[limit])) for limit, member, holds in limits if limit in params
    )


_AFTER: Callable[[datetime, datetime], bool] = datetime.__gt__
_BEFORE: Callable[[datetime, datetime], bool] = datetime.__lt__


def _sortable(value: Any) -> Any:
    return value.timestamp() if isinstance(value, datetime) else str(value or "")


def _token(sort: str, value: Any, number: int) -> str:
    return base64.urlsafe_b64encode(json.dumps([sort, value, number]).encode()).decode()


def _opened(token: str, sort: str) -> tuple[Any, int]:
    try:
        sorted_by, value, number = json.loads(base64.urlsafe_b64decode(token))
    except (ValueError, TypeError) as error:  # not base64, not JSON, or not of three
        raise refused("Invalid NextToken") from error
    if sorted_by != sort:
        raise refused("Invalid NextToken")
    return value, number
