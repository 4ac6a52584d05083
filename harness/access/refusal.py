"""AWS's answer to who may not: each service's code, message and HTTP status.

Sources: IAM User Guide, "Troubleshoot access denied error messages"; S3 User Guide, "Troubleshoot access denied (403
Forbidden) errors in Amazon S3"; and what AWS's answers quoted in public issue threads have in common.
"""

from __future__ import annotations

from harness.iam.explaining import in_order, passes_abroad
from harness.iam.model import Policies, Request, Verdict
from harness.model import AwsError


def refusal(call_service: str, request: Request, policies: Policies, verdict: Verdict) -> AwsError:
    """The error that the caller of `call_service` gets, whichever service's permission it is that is missing."""
    code, status = _CODES.get(call_service, _JSON)
    if request.action.startswith("kms:"):
        code, status = _KMS_CODES.get(call_service, (code, status))
    return AwsError(code, _message(request, policies, verdict), status)


def cause(request: Request, policies: Policies, verdict: Verdict) -> str:
    """Why, in AWS's terms: `because no identity-based policy allows the s3:GetObject action`."""
    if passes_abroad(request):
        return "because cross-account pass role is not allowed"
    action = _spelled(request.action)
    if verdict.denied_by:
        kind = _denying(policies, verdict)
        return f"with an explicit deny in {_DENYING['trust' if _is_trust(kind, request) else kind]}"
    order = _ABROAD if request.owner != request.principal.account else _AT_HOME
    kind = next(side for side in order if side in verdict.missing)
    return f"because no {_ALLOWING['trust' if _is_trust(kind, request) else kind]} allows the {action} action"


def _denying(policies: Policies, verdict: Verdict) -> str:
    """The kind of policy that denies; the first in the evaluation logic's order, where several do."""
    names = {ref.partition("#")[0] for ref in verdict.denied_by}
    kinds = {kind for kind, policy in in_order(policies) if policy.name in names}
    return next(kind for kind in _DENYING if kind in kinds)


# The JSON services answer 400, except Lambda; the query services and S3 403.
_JSON = ("AccessDeniedException", 400)
_QUERY = ("AccessDenied", 403)
_CODES = {
    "s3": _QUERY,
    "sts": _QUERY,
    "iam": _QUERY,
    "cloudwatch": _QUERY,
    # SQS speaks JSON by now, and still answers with the query protocol's code.
    "sqs": _QUERY,
    "sns": ("AuthorizationError", 403),
    "lambda": ("AccessDeniedException", 403),
}
# Whose caller may not use the key of a topic, queue or function. AWS adds KMS's own request id to these messages.
_KMS_CODES = {
    "sns": ("KMSAccessDenied", 400),
    "sqs": ("KMS.AccessDeniedException", 400),
    "lambda": ("KMSAccessDeniedException", 502),
}

# Where several kinds of policies refuse, AWS tells of one of them. Which one is not documented; this is the order in
# which the IAM User Guide's evaluation logic comes to them, with another account's resource last.
_ABROAD = ("scp", "identity", "boundary", "session", "resource")
_AT_HOME = ("scp", "resource", "identity or resource", "identity", "boundary", "session")
_ALLOWING = {
    "scp": "service control policy",
    "identity": "identity-based policy",
    "identity or resource": "identity-based policy",
    "resource": "resource-based policy",
    "trust": "role trust policy",
    "boundary": "permissions boundary",
    "session": "session policy",
}
# Since 2026 AWS adds ": ARN" of a denying managed policy (AWS Security Blog, "Enhanced access denied error messages
# with policy ARNs"), within an account or organization. Policies are known by their names here, so that is left out.
_DENYING = {
    "scp": "a service control policy",
    "resource": "a resource-based policy",
    "trust": "the role trust policy",
    "identity": "an identity-based policy",
    "boundary": "a permissions boundary",
    "session": "a session policy",
}
_FOREIGN_KEY = (
    "because the resource does not exist in this Region, no resource-based policies allow access, "
    "or a resource-based policy explicitly denies access"
)


# As Lambda (artilleryio/chaos-lambda#29), CodeDeploy (webfactory/create-aws-codedeploy-deployment#11), Scheduler and
# EKS answer, whatever the policies say. SageMaker's own words are not known, nor whether a policy that denies is told
# first.
_PASSED_ABROAD = "Cross-account pass role is not allowed."


def _message(request: Request, policies: Policies, verdict: Verdict) -> str:
    if passes_abroad(request):
        return _PASSED_ABROAD
    service = request.action.split(":")[0]
    if service == "s3" and not _may_know(request):
        return "Access Denied"
    why = cause(request, policies, verdict)
    who = f"User: {request.principal.arn} is not authorized to perform: {_spelled(request.action)}"
    if service == "kms" and request.owner != request.principal.account and "resource-based" in why:
        return f"{who} {_FOREIGN.get(request.action, 'on this resource')} {_FOREIGN_KEY}"
    where = _on(service, request)
    if request.gate == "trust" and not verdict.denied_by and "role trust policy" in why:
        # The guide has "because no role trust policy allows"; every such answer that is on record ends here.
        return f"{who}{where}"
    return f"{who}{where} {why}"


# KMS tells a ciphertext's key to nobody of another account.
_FOREIGN = {"kms:Decrypt": "on the resource associated with this ciphertext"}


def _may_know(request: Request) -> bool:
    """S3 explains itself within an account, or an organization; to all others it says `Access Denied`."""
    principal, context = request.principal, request.context
    organization = context.get("aws:principalorgid") or context.get("aws:sourceorgid")
    together = bool(organization) and organization == context.get("aws:resourceorgid")
    return principal.kind != "anonymous" and (principal.account == request.owner or together)


def _is_trust(kind: str, request: Request) -> bool:
    return kind == "resource" and request.gate == "trust"


def _spelled(action: str) -> str:
    """The action as its service spells it: `SNS:Publish`, `sqs:sendmessage`."""
    service, _, name = action.partition(":")
    return {"sns": f"SNS:{name}", "sqs": f"sqs:{name.lower()}"}.get(service, action)


def _on(service: str, request: Request) -> str:
    """` on resource: ARN`, as the service names its resources. Where an action has none, most leave it out."""
    if request.resource == "*":
        return " on resource: *" if service in _TELLS_ALL else ""
    if service == "s3":
        return f' on resource: "{request.resource}"'
    if service == "iam" and request.action not in _IAM_BY_ARN:
        return f" on resource: {_iam_name(request.resource, request.action)}"
    return f" on resource: {request.resource}"


_TELLS_ALL = ("ecr", "iam", "kms", "lambda", "organizations")
_IAM_BY_ARN = ("iam:PassRole", "iam:CreateRole", "iam:CreateUser", "iam:TagRole")


def _iam_name(arn: str, action: str) -> str:
    """IAM says `role NAME` and `user NAME`; `policy ARN` of a policy that exists; the ARN of all roles, `role/*`."""
    kind, _, path = arn.split(":", 5)[5].partition("/")
    if kind not in ("role", "user", "group", "policy") or path in ("", "*"):
        return arn
    by_arn = kind == "policy" and action not in ("iam:CreatePolicy", "iam:TagPolicy")
    return f"{kind} {arn if by_arn else path.rsplit('/', 1)[-1]}"
