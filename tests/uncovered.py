"""Whether the statements of infra/permissions are enough for what was done, by the journal's account of it."""

from __future__ import annotations

import json
from collections.abc import Iterable

from harness.iam.documents import parse
from harness.iam.evaluation import evaluate
from harness.iam.model import Policies, Policy, Request
from harness.model import Json, Principal
from harness.usage import Use


def uncovered(statements: Iterable[Json], uses: Iterable[Use]) -> list[Use]:
    """What was done under a principal's own policies and would not have been allowed by these statements alone.

    What a resource's policy alone allowed (prod's key lets Jenkins use it) needs no statement.
    """
    document = parse(json.dumps({"Version": "2012-10-17", "Statement": list(statements)}))
    policies = Policies(identity=(Policy("needed", document),))
    return [use for use in uses if _by_its_own(use) and not _allowed(use, policies)]


def _by_its_own(use: Use) -> bool:
    return any(ref.startswith(f"{use.who} ") for side in use.by for ref in side)


def _allowed(use: Use, policies: Policies) -> bool:
    account = use.who.partition(" ")[0]
    principal = Principal(account, f"arn:aws:iam::{account}:user/deployer", "user", "AIDA")
    context = {key.lower(): value for key, value in use.conditions}
    return evaluate(Request(principal, use.action, use.resource, account, context), policies).allowed
