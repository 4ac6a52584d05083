"""Whether a profile may do what it needs to, asked of IAM's policy simulator: nothing is done for it.

The simulator knows the caller's own policies, its permissions boundary and the organization's service control policies.
It knows no resource's policy ("Simulation of resource-based policies isn't supported for IAM roles"), so what a profile
is allowed by one alone does not belong to what it needs here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from harness.deploy.model import Finding
from harness.deploy.preflight.calling import BRIEF, REFUSED, code, words
from harness.deploy.preflight.identity import Caller
from harness.model import Json

_SESSION = re.compile(r"arn:([\w-]+):sts::(\d+):assumed-role/([^/]+)/.+")
_SSO_ROLE = "AWSReservedSSO_"


class _Unknown(Exception):
    """The simulator cannot be asked about this caller; says why."""


@dataclass(frozen=True)
class _Denial:
    action: str
    resource: str
    why: str
    missing: tuple[str, ...]


def permissions(caller: Caller, session: Any, needed: Iterable[Json]) -> list[Finding]:
    """What the caller may not do of what is needed: an error for each statement of which something is denied.

    A warning where that cannot be known. The account's root user may do everything that its organization lets it, and
    cannot be simulated.

    Args:
        caller: Whose permissions are looked at.
        session: Who asks: the caller itself, or somebody else of its account who may call iam:SimulatePrincipalPolicy.
        needed: Statements of an IAM policy; a Condition says what the calls' context is, one value for each key.
    """
    if caller.arn.endswith(":root"):
        return []
    iam = session.client("iam", config=BRIEF)
    try:
        source = _source(caller.arn, iam)
        # Many SCPs deny whole regions; without the key they would seem to deny all.
        region = _entry("aws:RequestedRegion", session.region_name)
        denials = [(s, list(_denied(iam, source, s, region))) for s in needed]
    except (*REFUSED, _Unknown) as error:
        return [_unchecked(caller, error)]
    return [_finding(caller, statement, found) for statement, found in denials if found]


def _source(arn: str, iam: Any) -> str:
    """The user or role whose policies count. A session's ARN has the role's name, but not its path."""
    if ":federated-user/" in arn:
        raise _Unknown("the simulator knows users and roles, not the sessions of GetFederationToken")
    parts = _SESSION.fullmatch(arn)
    if parts is None:
        return arn
    partition, account, name = parts.groups()
    try:
        return str(iam.get_role(RoleName=name)["Role"]["Arn"])
    except ClientError as error:
        if name.startswith(_SSO_ROLE):  # /aws-reserved/sso.amazonaws.com/, and then maybe a region
            raise _Unknown(f"the path of its role cannot be read: {error}") from error
    return f"arn:{partition}:iam::{account}:role/{name}"


def _denied(iam: Any, source: str, statement: Json, region: Json) -> Iterator[_Denial]:
    question = {
        "PolicySourceArn": source,
        "ResourceArns": _list(statement["Resource"]),
        "ContextEntries": [region, *_context(statement.get("Condition", {}))],
    }
    for result in _results(iam, question, _list(statement["Action"])):
        for row in result.get("ResourceSpecificResults") or [result]:
            decision = row.get("EvalResourceDecision") or row.get("EvalDecision")
            if decision != "allowed":
                missing = tuple(row.get("MissingContextValues", ()))
                why = _why({**result, **row}, decision)
                yield _Denial(result["EvalActionName"], row["EvalResourceName"], why, missing)


def _results(iam: Any, question: Json, actions: list[str]) -> Iterator[Json]:
    """The simulator's results. It refuses some actions side by side, undocumented which: `Invalid Input Actions:
    [sts:AssumeRole] and [iam:PassRole] require different authorization information`. So half of them are asked then."""
    try:
        pages = iam.get_paginator("simulate_principal_policy").paginate(ActionNames=actions, **question)
        yield from [result for page in pages for result in page["EvaluationResults"]]
    except ClientError as error:
        if code(error) != "InvalidInput" or len(actions) < 2:
            raise
        half = len(actions) // 2
        yield from _results(iam, question, actions[:half])
        yield from _results(iam, question, actions[half:])


def _context(condition: Json) -> list[Json]:
    return [_entry(key, value) for keys in condition.values() for key, value in keys.items()]


def _entry(key: str, value: str) -> Json:
    return {"ContextKeyName": key, "ContextKeyValues": [value], "ContextKeyType": "string"}


def _why(result: Json, decision: str) -> str:
    if not result.get("OrganizationsDecisionDetail", {}).get("AllowedByOrganizations", True):
        return "the organization's service control policies do not let it"
    if not result.get("PermissionsBoundaryDecisionDetail", {}).get("AllowedByPermissionsBoundary", True):
        return "its permissions boundary does not let it"
    return "a statement denies it" if decision == "explicitDeny" else "no policy of its allows it"


def _finding(caller: Caller, statement: Json, denials: list[_Denial]) -> Finding:
    why = " and ".join(dict.fromkeys(denial.why for denial in denials))
    unknown = sorted({key for denial in denials for key in denial.missing})
    told = (
        f" (its policies also ask for {', '.join(unknown)}, which a simulation does not know)"
        if unknown
        else ""
    )
    actions = list(dict.fromkeys(denial.action for denial in denials))
    resources = list(dict.fromkeys(denial.resource for denial in denials))
    wanted = {**statement, "Action": actions}
    return Finding(
        "error",
        "permissions",
        caller.account,
        f"{caller.arn} may not do {', '.join(actions)} on {', '.join(resources)}: {why}{told}",
        f"let it, with a statement like {json.dumps(wanted)}",
    )


def _unchecked(caller: Caller, error: Exception) -> Finding:
    return Finding(
        "warning",
        "permissions",
        caller.account,
        f"the permissions of {caller.arn} were not checked: {words(error)}",
        "let it call iam:SimulatePrincipalPolicy and iam:GetRole on itself; or go on: AWS refuses what it may not do, "
        "and the next run goes on from there",
    )


def _list(element: str | list[str]) -> list[str]:
    return element if isinstance(element, list) else [element]
