"""The shortest change that would allow a denied request, as statements ready to be put in place."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from harness.iam.amending import amended, named_for
from harness.iam.explaining import in_order, passes_abroad
from harness.iam.model import Policies, Policy, Request, Verdict
from harness.iam.names import identity_of, resource_policy
from harness.iam.statements import about_action, applies
from harness.model import Json


@dataclass(frozen=True)
class Change:
    """`where` is a policy's name, or the place for a new one, and `what` to do there in one sentence.

    `statement` is to be added; or to take the place of the statement `replaces`, a label as in iam.model.Side. It is
    empty where one is to be narrowed or removed. `kind` is a Finding's.
    """

    kind: str
    where: str
    what: str
    statement: Json = field(default_factory=dict)
    replaces: str = ""


def advise(request: Request, policies: Policies, verdict: Verdict) -> tuple[Change, ...]:
    """The changes, all of which are needed: no policy denies any more, and every side that was missing allows.

    AWS's own policies and grants of keys cannot be edited, and are never told to be.
    """
    if passes_abroad(request):
        return (_passed_at_home(request),)
    changes = list(_undenied(request, policies, verdict))
    missing = verdict.missing
    if "resource" in missing and request.owner == request.principal.account:
        # A policy that names the caller itself does without its identity policies.
        missing = tuple(side for side in missing if side not in ("identity", "identity or resource"))
    for side in missing:
        changes += _SIDES[side](request, policies)
    return tuple(changes)


def _passed_at_home(request: Request) -> Change:
    """No policy can allow to pass another account's role."""
    what = f"pass a role of account {request.principal.account}: roles are passed only within their account"
    return Change("identity", identity_of(request.principal.identity_arn), what)


def _undenied(request: Request, policies: Policies, verdict: Verdict) -> Iterator[Change]:
    kinds = {policy.name: kind for kind, policy in in_order(policies)}
    for ref in verdict.denied_by:
        name, _, label = ref.partition("#")
        done = "narrow or remove" if _editable(name) else "detach the policy, for it has"
        yield Change(
            kinds[name], name, f"{done} {_called(label)}, which denies {request.action}", replaces=label
        )


def _called(label: str) -> str:
    return f"statement {label}" if label.isdigit() else label


# The sides


def _amended(kind: str, request: Request, policies: tuple[Policy, ...]) -> Change | None:
    """A change of a statement that is there already, where one is close. Of the caller's own policies only the inline
    ones are changed: those that are attached, and its groups', are others' too."""
    own = f"{identity_of(request.principal.identity_arn)} inline " if kind == "identity" else ""
    editable = [policy for policy in policies if policy.name.startswith(own) and _editable(policy.name)]
    found = amended(request, editable, of_resource=kind == "resource")
    if found is None:
        return None
    return Change(kind, found.policy, found.what, found.statement, replaces=found.label)


def _identity(request: Request, policies: Policies) -> Iterator[Change]:
    who = identity_of(request.principal.identity_arn)
    yield _amended("identity", request, policies.identity) or Change(
        "identity",
        f"{who} inline policy",
        f"let it do {request.action}",
        _statement(request.action, request.resource),
    )


def _resource(request: Request, policies: Policies) -> Iterator[Change]:
    ((_, caller),) = named_for(request).items()
    what = f"let {caller} do {request.action}"
    where = (
        policies.resource[0].name if policies.resource else resource_policy(request.resource, request.owner)
    )
    if not _editable(where):
        what = f"use a key of your own, and {what} in its policy: an AWS managed key's cannot be edited"
    yield _amended("resource", request, policies.resource) or Change(
        "resource", where, what, _resource_statement(request)
    )


def _boundary(request: Request, policies: Policies) -> Iterator[Change]:
    yield from _limit("boundary", request, policies.boundary or ())


def _session(request: Request, policies: Policies) -> Iterator[Change]:
    name = policies.session[0].name if policies.session else f"session of {request.principal.identity_arn}"
    what = f"start the session with a policy that allows {request.action}"
    yield Change("session", name, what, _statement(request.action, request.resource))


def _scp(request: Request, policies: Policies) -> Iterator[Change]:
    """Every level has to allow. An SCP bounds all principals of its account and grants none of them anything: so this
    bounds the others less, too, by the one action on the one resource."""
    for level in policies.scps:
        if not any(_allows(policy, request) for policy in level):
            yield from _limit("scp", request, level)


def _limit(kind: str, request: Request, among: tuple[Policy, ...]) -> Iterator[Change]:
    """What bounds the permissions of others is not broadened statement by statement, but by a statement of its own."""
    name = among[0].name if among else f"{_LIMITS[kind]}of account {request.principal.account}"
    here = "allow" if _editable(name) else "use a policy of your own in its place, which also allows"
    yield Change(kind, name, f"{here} {request.action}", _statement(request.action, request.resource))


# People are told `SCP` before the name of any.
_LIMITS = {"boundary": "permissions boundary ", "scp": ""}
_SIDES: dict[str, Callable[[Request, Policies], Iterator[Change]]] = {
    "identity": _identity,
    "identity or resource": _identity,
    "resource": _resource,
    "boundary": _boundary,
    "session": _session,
    "scp": _scp,
}


def _allows(policy: Policy, request: Request) -> bool:
    statements = policy.document.statements
    return any(s.allows and about_action(s, request.action) and applies(s, request) for s in statements)


def _editable(name: str) -> bool:
    """Whether somebody can edit the policy of that name: not AWS's own, those of its keys, and grants of keys."""
    return not any(mark in name for mark in (" AWS managed ", " key alias/aws/", " grant ", "FullAWSAccess"))


# A statement of its own


def _statement(action: str, resource: str) -> Json:
    return {"Effect": "Allow", "Action": action, "Resource": resource}


def _resource_statement(request: Request) -> Json:
    """As the policy of such a resource has it: a role's trust policy and a repository's policy name no resource, and a
    key's policy calls its key `*`."""
    service = request.action.split(":")[0]
    resource = {"trust": "", "key": "*"}.get(request.gate, "" if service == "ecr" else request.resource)
    return {
        "Effect": "Allow",
        "Principal": named_for(request),
        "Action": request.action,
        **({"Resource": resource} if resource else {}),
        **_for_whom(request),
    }


def _for_whom(request: Request) -> Json:
    """A service acts for many; conditions say for whom it may (IAM User Guide, "The confused deputy problem")."""
    if request.principal.kind != "service":
        return {}
    keys = {"StringEquals": "aws:SourceAccount", "ArnEquals": "aws:SourceArn"}
    given = {
        operator: {key: request.context[key.lower()]}
        for operator, key in keys.items()
        if key.lower() in request.context
    }
    return {"Condition": given} if given else {}
