"""Whether those whom a policy names exist: AWS looks when a policy is put, and keeps their unique ids."""

from __future__ import annotations

import re

from harness.access.facts import Facts
from harness.iam.grammar import Malformed
from harness.iam.grammar.faults import each
from harness.iam.grammar.principals import named
from harness.model import ApiCall, Json

_IDENTITY = re.compile(r"arn:aws:iam::(\d{12}):(role|user)/.+")


def check_existence(document: Json, call: ApiCall, facts: Facts, sentence: str) -> None:
    """Raises Malformed, with `sentence` (`{type}` and `{name}` filled in), for a role or user that is not there.

    Accounts that the harness does not have are taken to be there, with everybody in them. Services, identity
    providers, sessions and unique ids are not looked up.
    """
    for place, statement in each(document["Statement"], "Statement"):
        for where, type_, name in named(statement, place):
            identity = _IDENTITY.fullmatch(name) if type_ == "AWS" else None
            if identity and not facts.identity(name) and _is_ours(identity[1], call, facts):
                said = sentence.format(type=type_, name=name)
                raise Malformed(where, f"there is no {identity[2]} {name}", said)


def _is_ours(account: str, call: ApiCall, facts: Facts) -> bool:
    return account in (call.account, call.principal.account) or any(
        arn.split(":")[4] == account for arn in facts.identities()
    )
