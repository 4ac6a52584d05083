"""S3's operations on buckets.

Source: S3 User Guide, "Required permissions for Amazon S3 API operations"
(https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html); S3 API reference,
CreateBucket.
"""

from __future__ import annotations

from collections.abc import Callable

from harness.access.facts import Facts
from harness.access.needs import s3_context
from harness.access.needs.common import Need
from harness.access.needs.passrole import pass_role
from harness.access.needs.s3_resources import on_bucket
from harness.access.values import Values
from harness.model import ApiCall, Json, Permission

# Operations that need one permission on their bucket and say nothing more to it.
_ACTIONS = {
    "DeleteBucket": "s3:DeleteBucket",
    "DeleteBucketAnalyticsConfiguration": "s3:PutAnalyticsConfiguration",
    "DeleteBucketCors": "s3:PutBucketCORS",
    "DeleteBucketEncryption": "s3:PutEncryptionConfiguration",
    "DeleteBucketIntelligentTieringConfiguration": "s3:PutIntelligentTieringConfiguration",
    "DeleteBucketInventoryConfiguration": "s3:PutInventoryConfiguration",
    "DeleteBucketLifecycle": "s3:PutLifecycleConfiguration",
    "DeleteBucketMetricsConfiguration": "s3:PutMetricsConfiguration",
    "DeleteBucketOwnershipControls": "s3:PutBucketOwnershipControls",
    "DeleteBucketPolicy": "s3:DeleteBucketPolicy",
    "DeleteBucketReplication": "s3:PutReplicationConfiguration",
    "DeleteBucketTagging": "s3:PutBucketTagging",
    "DeleteBucketWebsite": "s3:DeleteBucketWebsite",
    "DeletePublicAccessBlock": "s3:PutBucketPublicAccessBlock",
    "GetBucketAbac": "s3:GetBucketAbac",
    "GetBucketAccelerateConfiguration": "s3:GetAccelerateConfiguration",
    "GetBucketAcl": "s3:GetBucketAcl",
    "GetBucketAnalyticsConfiguration": "s3:GetAnalyticsConfiguration",
    "GetBucketCors": "s3:GetBucketCORS",
    "GetBucketEncryption": "s3:GetEncryptionConfiguration",
    "GetBucketIntelligentTieringConfiguration": "s3:GetIntelligentTieringConfiguration",
    "GetBucketInventoryConfiguration": "s3:GetInventoryConfiguration",
    "GetBucketLifecycle": "s3:GetLifecycleConfiguration",
    "GetBucketLifecycleConfiguration": "s3:GetLifecycleConfiguration",
    "GetBucketLocation": "s3:GetBucketLocation",
    "GetBucketLogging": "s3:GetBucketLogging",
    "GetBucketMetricsConfiguration": "s3:GetMetricsConfiguration",
    "GetBucketNotification": "s3:GetBucketNotification",
    "GetBucketNotificationConfiguration": "s3:GetBucketNotification",
    "GetBucketOwnershipControls": "s3:GetBucketOwnershipControls",
    "GetBucketPolicy": "s3:GetBucketPolicy",
    "GetBucketPolicyStatus": "s3:GetBucketPolicyStatus",
    "GetBucketReplication": "s3:GetReplicationConfiguration",
    "GetBucketRequestPayment": "s3:GetBucketRequestPayment",
    "GetBucketTagging": "s3:GetBucketTagging",
    "GetBucketVersioning": "s3:GetBucketVersioning",
    "GetBucketWebsite": "s3:GetBucketWebsite",
    "GetObjectLockConfiguration": "s3:GetBucketObjectLockConfiguration",
    "GetPublicAccessBlock": "s3:GetBucketPublicAccessBlock",
    "HeadBucket": "s3:ListBucket",
    "ListBucketAnalyticsConfigurations": "s3:GetAnalyticsConfiguration",
    "ListBucketIntelligentTieringConfigurations": "s3:GetIntelligentTieringConfiguration",
    "ListBucketInventoryConfigurations": "s3:GetInventoryConfiguration",
    "ListBucketMetricsConfigurations": "s3:GetMetricsConfiguration",
    "ListMultipartUploads": "s3:ListBucketMultipartUploads",
    "PutBucketAbac": "s3:PutBucketAbac",
    "PutBucketAccelerateConfiguration": "s3:PutAccelerateConfiguration",
    "PutBucketAnalyticsConfiguration": "s3:PutAnalyticsConfiguration",
    "PutBucketCors": "s3:PutBucketCORS",
    "PutBucketEncryption": "s3:PutEncryptionConfiguration",
    "PutBucketIntelligentTieringConfiguration": "s3:PutIntelligentTieringConfiguration",
    "PutBucketInventoryConfiguration": "s3:PutInventoryConfiguration",
    "PutBucketLifecycle": "s3:PutLifecycleConfiguration",
    "PutBucketLifecycleConfiguration": "s3:PutLifecycleConfiguration",
    "PutBucketLogging": "s3:PutBucketLogging",
    "PutBucketMetricsConfiguration": "s3:PutMetricsConfiguration",
    "PutBucketNotification": "s3:PutBucketNotification",
    "PutBucketNotificationConfiguration": "s3:PutBucketNotification",
    "PutBucketOwnershipControls": "s3:PutBucketOwnershipControls",
    "PutBucketPolicy": "s3:PutBucketPolicy",
    "PutBucketRequestPayment": "s3:PutBucketRequestPayment",
    "PutBucketTagging": "s3:PutBucketTagging",
    "PutBucketVersioning": "s3:PutBucketVersioning",
    "PutBucketWebsite": "s3:PutBucketWebsite",
    "PutObjectLockConfiguration": "s3:PutBucketObjectLockConfiguration",
    "PutPublicAccessBlock": "s3:PutBucketPublicAccessBlock",
}


def _on(action: str, context: Callable[[Json], Values] = lambda params: {}) -> Need:
    return lambda call, facts: [on_bucket(call, facts, action, context(call.params))]


def _list_buckets(call: ApiCall, facts: Facts) -> list[Permission]:
    return [Permission("s3:ListAllMyBuckets", "*", call.principal.account)]


def _create(call: ApiCall, facts: Facts) -> list[Permission]:
    """The bucket is the caller's, also where another account has its name: S3 then says so."""
    params, account = call.params, call.principal.account
    context: Values = {**s3_context.new_bucket(params), "s3:resourceaccount": account}
    wanted = [("s3:CreateBucket", "")]
    if params.get("ACL", "private") != "private" or any(name.startswith("Grant") for name in params):
        wanted.append(("s3:PutBucketAcl", "to set the new bucket's ACL"))
    if params.get("ObjectLockEnabledForBucket"):
        wanted.append(("s3:PutBucketObjectLockConfiguration", "to enable Object Lock"))
        wanted.append(("s3:PutBucketVersioning", "to enable the versioning that Object Lock needs"))
    if params.get("ObjectOwnership"):
        wanted.append(("s3:PutBucketOwnershipControls", "to set the new bucket's Object Ownership"))
    if (params.get("CreateBucketConfiguration") or {}).get("Tags"):
        wanted.append(("s3:TagResource", "to tag the new bucket"))
    arn = f"arn:aws:s3:::{params['Bucket']}"
    return [Permission(action, arn, account, context, why=why) for action, why in wanted]


def _replicate(call: ApiCall, facts: Facts) -> list[Permission]:
    """S3 replicates as the role in the configuration, which the caller hands to it."""
    own = on_bucket(call, facts, "s3:PutReplicationConfiguration")
    role = (call.params.get("ReplicationConfiguration") or {}).get("Role", "")
    return [own, *pass_role(role, "s3.amazonaws.com", own.resource)]


OPERATIONS: dict[str, Need] = {
    **{operation: _on(action) for operation, action in _ACTIONS.items()},
    "CreateBucket": _create,
    "ListBuckets": _list_buckets,
    "ListObjectVersions": _on("s3:ListBucketVersions", s3_context.listing),
    "ListObjects": _on("s3:ListBucket", s3_context.listing),
    "ListObjectsV2": _on("s3:ListBucket", s3_context.listing),
    "PutBucketAcl": _on("s3:PutBucketAcl", s3_context.acl),
    "PutBucketReplication": _replicate,
}
