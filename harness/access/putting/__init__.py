"""Which operations put a policy, and what AWS answers where it is malformed. Runs before the operation itself.

A session's policy is not put anywhere: services.sts looks at it.
"""

from __future__ import annotations

from collections.abc import Callable

from harness.access.facts import Facts
from harness.access.putting import iam, kms, others, queues, s3
from harness.model import ApiCall

Check = Callable[[ApiCall, Facts], None]

# (service, operation), as botocore names them, of all that store a policy.
PUTTING: dict[tuple[str, str], Check] = {
    ("iam", "PutRolePolicy"): iam.put_role_policy,
    ("iam", "PutUserPolicy"): iam.put_user_policy,
    ("iam", "PutGroupPolicy"): iam.put_group_policy,
    ("iam", "CreatePolicy"): iam.put_managed_policy,
    ("iam", "CreatePolicyVersion"): iam.put_managed_policy,
    ("iam", "CreateRole"): iam.create_role,
    ("iam", "UpdateAssumeRolePolicy"): iam.update_assume_role_policy,
    ("s3", "PutBucketPolicy"): s3.put_bucket_policy,
    ("kms", "CreateKey"): kms.put_key_policy,
    ("kms", "PutKeyPolicy"): kms.put_key_policy,
    ("sns", "CreateTopic"): queues.create_topic,
    ("sns", "SetTopicAttributes"): queues.set_topic_attributes,
    ("sqs", "CreateQueue"): queues.put_queue_policy,
    ("sqs", "SetQueueAttributes"): queues.put_queue_policy,
    ("sagemaker", "PutModelPackageGroupPolicy"): others.put_model_package_group_policy,
    ("ecr", "SetRepositoryPolicy"): others.set_repository_policy,
    ("ecr", "PutRegistryPolicy"): others.put_registry_policy,
    ("logs", "PutResourcePolicy"): others.put_resource_policy,
    ("events", "PutPermission"): others.put_permission,
    ("lambda", "AddPermission"): others.add_permission,
}


def check_put(call: ApiCall, facts: Facts) -> None:
    """Raises AwsError where the call puts a policy that AWS would refuse: the service's error, and the place."""
    check = PUTTING.get((call.service, call.operation))
    if check:
        check(call, facts)
