"""moto's own objects, looked at without making any.

Indexing moto's collections makes the backend that is asked for, and an account's IAM loads AWS's 1,582 managed policies
as it is made; `dict.get` makes nothing. The gateway has many threads: moto's dicts are walked as tuples of them.
"""

from __future__ import annotations

from functools import cache
from typing import Any

PARTITION = "aws"


@cache
def backends(service: str) -> Any:
    """{account: {region, or the partition for IAM and S3: backend}}. Imported late, as in backends.moto."""
    import moto.backends

    return moto.backends.get_backend(service)  # type: ignore[call-overload]


def backend(service: str, account: str, region: str) -> Any:
    """moto's backend, or None where nobody has used it yet."""
    regions = backends(service).get(account)
    return None if regions is None else regions.get(region)


def everywhere(service: str) -> list[Any]:
    """The backends of all accounts and regions that somebody has used."""
    return [held for account in tuple(backends(service).values()) for held in tuple(account.values())]


def tagged(holder: Any, name: str) -> dict[str, str]:
    """The tags that a backend's tagging service has under a name."""
    return dict(holder.tagger.tags.get(name) or ())
