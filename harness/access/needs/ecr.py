"""ECR: repositories, which may be another account's registry's.

Sources: Service Authorization Reference, ECR; ECR User Guide, "Encryption at rest" (IAM permissions).
"""

from __future__ import annotations

from harness.access.facts import Facts
from harness.access.needs import engine, kms
from harness.access.needs.common import Need
from harness.access.needs.engine import ResourceType
from harness.model import ApiCall, Permission


def _repository(call: ApiCall, name: str) -> str:
    registry = call.params.get("registryId") or call.account
    return f"arn:aws:ecr:{call.region}:{registry}:repository/{name}"


def _fill(call: ApiCall, facts: Facts, kind: ResourceType) -> str:
    name = call.params.get("repositoryName")
    return _repository(call, str(name)) if name else ""


def _on_repository(call: ApiCall, facts: Facts) -> list[Permission]:
    return engine.known(call, facts, _fill)


def _on_repositories(call: ApiCall, facts: Facts) -> list[Permission]:
    """All of the registry's where none is named."""
    names = call.params.get("repositoryNames") or ["*"]
    action = f"ecr:{call.operation}"
    return [engine.permission(call, facts, action, _repository(call, str(name))) for name in names]


def _create(call: ApiCall, facts: Facts) -> list[Permission]:
    """Under a KMS key, ECR makes grants on it in the creator's name."""
    made = _on_repository(call, facts)
    encryption = call.params.get("encryptionConfiguration") or {}
    if not str(encryption.get("encryptionType", "")).startswith("KMS"):
        return made
    key = encryption.get("kmsKey") or "alias/aws/ecr"
    account, why = call.principal.account, "to encrypt the repository with the key"
    granting = kms.use(
        call,
        facts,
        key,
        account,
        ["kms:CreateGrant"],
        via="ecr",
        why=why,
        extra={"kms:grantisforawsresource": "true"},
    )
    return [*made, *kms.use(call, facts, key, account, ["kms:DescribeKey"], via="ecr", why=why), *granting]


OPERATIONS: dict[str, Need] = {
    **dict.fromkeys(
        (
            "BatchCheckLayerAvailability",
            "BatchDeleteImage",
            "BatchGetImage",
            "CompleteLayerUpload",
            "DeleteLifecyclePolicy",
            "DeleteRepository",
            "DeleteRepositoryPolicy",
            "DescribeImageReplicationStatus",
            "DescribeImageScanFindings",
            "DescribeImages",
            "GetDownloadUrlForLayer",
            "GetLifecyclePolicy",
            "GetLifecyclePolicyPreview",
            "GetRepositoryPolicy",
            "InitiateLayerUpload",
            "ListImages",
            "PutImage",
            "PutImageScanningConfiguration",
            "PutImageTagMutability",
            "PutLifecyclePolicy",
            "SetRepositoryPolicy",
            "StartImageScan",
            "StartLifecyclePolicyPreview",
            "UploadLayerPart",
        ),
        _on_repository,
    ),
    "BatchGetRepositoryScanningConfiguration": _on_repositories,
    "CreateRepository": _create,
    "DescribeRepositories": _on_repositories,
}
