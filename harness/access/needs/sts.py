"""STS: sessions of roles, whose trust policies have to allow them.

Sources: Service Authorization Reference, STS; IAM User Guide, "Pass session tags in AWS STS" and "Permissions required
to set source identity"; STS API reference.
"""

from __future__ import annotations

import re

from harness.access.facts import Facts
from harness.access.needs import engine, tagging
from harness.access.needs.common import Need
from harness.access.values import Values
from harness.model import ApiCall, Permission

_ROLE = re.compile(r"arn:aws:iam::\d{12}:role/.+", re.ASCII | re.DOTALL)


def _assume_role(call: ApiCall, facts: Facts) -> list[Permission]:
    """Session tags and a source identity are asked for with permissions of their own, and so is the source identity
    that the caller's session has already: "when you assume a role with another role [...] permissions for
    sts:SetSourceIdentity are required". Whether transitive tags that are handed on need sts:TagSession again is not
    documented; they do not here.
    """
    role = str(call.params.get("RoleArn") or "")
    if not _ROLE.fullmatch(role):
        return []  # STS refuses it as malformed.
    context = _context(call, facts, role)
    actions = [f"sts:{call.operation}"]
    if call.params.get("Tags"):
        actions.append("sts:TagSession")
    if "sts:sourceidentity" in context:
        actions.append("sts:SetSourceIdentity")
    owner = engine.account_of(role)
    return [
        Permission(action, role, owner, context, "trust", why)
        for action, why in zip(actions, ["", *(_WHY[extra] for extra in actions[1:])], strict=True)
    ]


_WHY = {
    "sts:TagSession": "to give the session tags",
    "sts:SetSourceIdentity": "to give the session its source identity",
}


def _context(call: ApiCall, facts: Facts, role: str) -> Values:
    params, session = call.params, call.principal.session
    identity = facts.identity(role)
    told = {
        "sts:externalid": params.get("ExternalId"),
        "sts:rolesessionname": params.get("RoleSessionName"),
        "sts:sourceidentity": params.get("SourceIdentity") or (session.source_identity if session else ""),
    }
    transitive = tuple(map(str, params.get("TransitiveTagKeys") or ()))
    return {
        **tagging.of_call(call),
        **tagging.of_resource("iam", identity.tags if identity else {}),
        **{key: str(value) for key, value in told.items() if value},
        **({"sts:transitivetagkeys": transitive} if transitive else {}),
    }


def _get_federation_token(call: ApiCall, facts: Facts) -> list[Permission]:
    user = f"arn:aws:sts::{call.account}:federated-user/{call.params.get('Name') or '*'}"
    context = tagging.of_call(call)
    own = engine.permission(call, facts, "sts:GetFederationToken", user, context)
    tag = [engine.permission(call, facts, "sts:TagSession", user, context, "to give the session tags")]
    return [own, *(tag if call.params.get("Tags") else [])]


def _free(call: ApiCall, facts: Facts) -> list[Permission]:
    """ "No permissions are required to perform this operation", and no policy can deny it."""
    return []


OPERATIONS: dict[str, Need] = {
    **dict.fromkeys(("AssumeRole", "AssumeRoleWithSAML", "AssumeRoleWithWebIdentity"), _assume_role),
    **dict.fromkeys(("GetCallerIdentity", "GetSessionToken"), _free),
    "GetFederationToken": _get_federation_token,
}
