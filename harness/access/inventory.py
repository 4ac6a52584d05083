"""Every policy of the accounts, journalled as it appears and changes: what was never used has to be known, too."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator

from harness.access.collect import of_boundary, of_identity, of_resource
from harness.access.facts import Facts, Identity, Stored
from harness.access.putting import PUTTING
from harness.iam.names import resource_policy
from harness.journal import Journal
from harness.model import ApiCall, Permission

# Operations after which policies may be in force that were not before, or under other names.
_IN_FORCE = frozenset(PUTTING) | {
    ("iam", "AddUserToGroup"),
    ("iam", "AttachGroupPolicy"),
    ("iam", "AttachRolePolicy"),
    ("iam", "AttachUserPolicy"),
    ("iam", "PutRolePermissionsBoundary"),
    ("iam", "SetDefaultPolicyVersion"),
    ("iam", "UpdateUser"),
    ("kms", "CreateAlias"),
    ("kms", "CreateGrant"),
    ("kms", "ReplicateKey"),
    ("kms", "UpdateAlias"),
    ("sns", "AddPermission"),
    ("sqs", "AddPermission"),
}


class Inventory:
    """Keeps the journal's `policy` records up with the accounts."""

    def __init__(self, facts: Facts, journal: Journal) -> None:
        self._facts = facts
        self._journal = journal
        self._known: dict[str, Stored] = {}
        self._lock = threading.Lock()

    def after(self, call: ApiCall) -> None:
        """Journals the policies that are new or have changed since, where the call can have done that."""
        if (call.service, call.operation) not in _IN_FORCE:
            return
        with self._lock:
            now = inventory(self._facts)
            for place, (name, text) in now.items():
                if self._known.get(place) != (name, text):
                    self._journal.write("policy", place=place, name=name, document=json.loads(text or "{}"))
            self._known = now


def inventory(facts: Facts) -> dict[str, Stored]:
    """Every policy in force in the accounts: its name and its JSON text, which is empty for AWS's managed ones.

    By what stays the same when the name does not: a key is told by its id until it has an alias.
    """
    found: dict[str, Stored] = {}
    for arn in facts.identities():
        identity = facts.identity(arn)
        if identity:
            found.update((name, (name, text)) for name, text in _stored(identity))
    for arn in facts.policied():
        for number, policy in enumerate(of_resource(Permission("", arn, gate="key"), facts)):
            found[f"{arn} {number}"] = policy
    return found


def _stored(identity: Identity) -> Iterator[Stored]:
    for name, text in (*of_identity(identity), *of_boundary(identity)):
        yield name, "" if " AWS managed " in name else text
    if identity.trust:
        yield resource_policy(identity.arn, identity.arn.split(":")[4]), identity.trust
