"""How the commands look, act and tell: each goes through items, every one found by reading calls alone.

Whatever changes an account waits in an item's `apply`; a plan leaves it there.
"""

import argparse
import difflib
import json
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from pipelines.environment import Account
from pipelines.errors import BadEnvironmentError, PlatformError

Change = Literal["created", "updated", "deleted", "unchanged"]
AnyAccount = TypeVar("AnyAccount", bound=Account)


@dataclass(frozen=True)
class Item:
    """One thing that a command looks after.

    Attributes:
        change: What becomes of it.
        kind: `file`, `script`, `function`, `pipeline`, `model`, ...
        name: Its own name.
        diff: What differs, as the lines of a unified diff; may be empty.
        apply: Makes the change. Calls of AWS raise botocore's errors.
    """

    change: Change
    kind: str
    name: str
    diff: str = ""
    apply: Callable[[], object] = field(default=lambda: None, repr=False, compare=False)

    def __str__(self) -> str:
        return f"{self.change:<10}{self.kind:<9} {self.name}"


def difference(before: Any, after: Any) -> str:
    """A unified diff of two JSON values, pretty-printed, without its two lines of file names."""
    old, new = (json.dumps(value, indent=2, sort_keys=True).splitlines() for value in (before, after))
    return "\n".join(list(difflib.unified_diff(old, new, lineterm=""))[2:])


def carry_out(
    account: Account, session: boto3.Session, items: Iterable[Item], *, plan: bool = False
) -> Iterator[Item]:
    """Applies each item, unless it is only a plan, and answers it. `items` is best lazy: before the first is looked
    at, the credentials are.

    Raises:
        BadEnvironmentError: The credentials are another account's.
    """
    _check_account(account, session)
    for item in items:
        if not plan:
            item.apply()
        yield item


def add_arguments(parser: argparse.ArgumentParser, environments: str = "dev or prod") -> None:
    """What every command that calls AWS is told."""
    parser.add_argument("--environment", required=True, help=f"{environments}, or a .tfvars.json file")
    parser.add_argument("--profile", help="the AWS profile to use; else the credentials of the environment")
    parser.add_argument("--plan", action="store_true", help="tell what would change, and change nothing")
    parser.add_argument("--json", action="store_true", help="tell each item as a line of JSON")


def run(
    chosen: argparse.Namespace,
    kind: type[AnyAccount],
    look: Callable[[AnyAccount, boto3.Session], Iterable[Item]],
) -> int:
    """Runs a command over the items that `look` finds; answers its exit status. An error is one line on stderr."""
    try:
        account = kind.named(chosen.environment)
        session = boto3.Session(profile_name=chosen.profile, region_name=account.region)
        for item in carry_out(account, session, look(account, session), plan=chosen.plan):
            print(_as_json(item) if chosen.json else _as_text(item, chosen.plan), flush=True)
    except (PlatformError, BotoCoreError, ClientError) as error:
        return failed(error)
    return 0


def failed(error: Exception) -> int:
    """Tells an error in one line on stderr; answers the exit status."""
    print(f"error: {' '.join(str(error).split())}", file=sys.stderr)
    return 1


def _check_account(account: Account, session: boto3.Session) -> None:
    """The credentials must be the account's: no slip puts dev's pipelines into prod."""
    caller = session.client("sts", region_name=account.region).get_caller_identity()["Account"]
    if caller != account.account_id:
        raise BadEnvironmentError(
            f"{account.name} is account {account.account_id}, but the credentials are of {caller}"
            "; name a profile of the right account with --profile"
        )


def _as_json(item: Item) -> str:
    told = {"change": item.change, "kind": item.kind, "name": item.name}
    return json.dumps(told | ({"diff": item.diff} if item.diff else {}))


def _as_text(item: Item, plan: bool) -> str:
    differing = item.diff.splitlines() if plan else []
    return "\n".join([str(item), *(f"    {line}" for line in differing)])
