"""iam:PassRole: who hands a role to a service needs it, beside the permission for the call itself."""

from __future__ import annotations

from harness.access.needs.engine import account_of
from harness.model import Permission


def pass_role(role: str, service: str, to: str) -> list[Permission]:
    """`service` (`sagemaker.amazonaws.com`) is to act in the role, for the resource `to`. [] without a role.

    A role of another account is nobody's to pass, which AWS says in words of its own ("Cross-account pass role is not
    allowed."). Source: IAM User Guide, "Available keys for IAM": services that support iam:PassedToService support
    iam:AssociatedResourceArn too.
    """
    if not role:
        return []
    context = {"iam:passedtoservice": service, "iam:associatedresourcearn": to}
    return [Permission("iam:PassRole", role, account_of(role), context, why=f"to pass the role to {service}")]
