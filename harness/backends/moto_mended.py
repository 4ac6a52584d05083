"""Where moto would do more, or something else, than the call that was decided on says.

Each is put right once, when a service is first used.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from typing import Any

from harness.backends import moto_deliveries


def mend(service: str) -> None:
    for mending in _MENDINGS.get(service, ()):
        mending()


def _ask_no_bucket_policy() -> None:
    """moto reads bucket and key policies itself, and without their conditions. Who may do what has been decided by
    now."""
    from moto.iam.access_control import PermissionResult
    from moto.s3.models import FakeBucket

    FakeBucket.get_permission = lambda *_: PermissionResult.NEUTRAL  # type: ignore[method-assign]


def _ask_no_key_policy() -> None:
    import moto.kms.responses

    moto.kms.responses.validate_policy = lambda *_: None  # type: ignore[attr-defined]


def _know_uploads_by_their_keys() -> None:
    """moto goes by an upload's id alone: the object that is written may be another than the one that is named."""
    from moto.s3.exceptions import NoSuchUpload
    from moto.s3.models import S3Backend
    from moto.s3.responses import S3Response

    respond = S3Response._key_response

    def _key_response(self: Any, request: Any, full_url: str) -> Any:
        id = request.args.get("uploadId")
        backend: S3Backend = self.backend
        upload = backend.get_bucket(self.bucket_name).multiparts.get(id) if id else None
        if upload and upload.key_name != self.parse_key_name():
            raise NoSuchUpload(upload_id=id)
        return respond(self, request, full_url)

    S3Response._key_response = _key_response  # type: ignore[method-assign]


def _bypass_retention_only_when_asked() -> None:
    """moto takes the header x-amz-bypass-governance-retention for true when it says false."""
    from moto.s3.models import S3Backend

    delete = S3Backend.delete_object

    def delete_object(
        self: Any, bucket_name: str, key_name: str, version_id: str | None = None, bypass: Any = False
    ) -> Any:
        return delete(self, bucket_name, key_name, version_id, str(bypass).lower() == "true")

    S3Backend.delete_object = delete_object  # type: ignore[method-assign]


def _drop_delete_markers() -> None:
    """moto cannot remove a key for good whose versions are delete markers: they have no content to dispose of."""
    from moto.s3.models import FakeDeleteMarker

    FakeDeleteMarker.dispose = lambda _: None  # type: ignore[attr-defined]


def _find_log_groups() -> None:
    """moto finds the last group, whichever is asked for by an ARN, and none by a name in its place."""
    from moto.logs.exceptions import ResourceNotFoundException
    from moto.logs.models import LogGroup, LogsBackend

    def _find_log_group(self: Any, log_group_id: str = "", log_group_name: str = "") -> LogGroup:
        for name, group in tuple(self.groups.items()):
            if (log_group_name or log_group_id) in (
                name,
                *(() if log_group_name else (group.arn, f"{group.arn}:*")),
            ):
                return group  # type: ignore[no-any-return]
        raise ResourceNotFoundException()

    LogsBackend._find_log_group = _find_log_group  # type: ignore[method-assign,assignment]


def _read_the_policies_of_aws_once() -> None:
    """moto reads all 1,582 anew for every account, which takes a tenth of a second and 5 MB. Their ids are the same in
    every account of AWS, too."""
    from moto.iam.models import IAMBackend, ManagedPolicy

    read = IAMBackend._init_aws_policies
    known: list[ManagedPolicy] = []

    def _init_aws_policies(self: Any) -> list[ManagedPolicy]:
        if not known:
            known[:] = read(self)
        return [_own(policy) for policy in known]

    def _own(policy: ManagedPolicy) -> ManagedPolicy:
        own = copy(policy)
        own.versions, own.tags = [*policy.versions], {}
        return own

    IAMBackend._init_aws_policies = _init_aws_policies  # type: ignore[method-assign]


_MENDINGS: dict[str, tuple[Callable[[], None], ...]] = {
    "s3": (
        _ask_no_bucket_policy,
        _know_uploads_by_their_keys,
        _bypass_retention_only_when_asked,
        _drop_delete_markers,
        moto_deliveries.ask_for_s3,
    ),
    "iam": (_read_the_policies_of_aws_once,),
    "kms": (_ask_no_key_policy,),
    "logs": (_find_log_groups,),
    "sns": (moto_deliveries.ask_for_sns,),
}

# Parameters that moto takes and forgets, though they limit what is allowed.
DROPPED = {"iam:CreateUser": ("PermissionsBoundary",), "kms:ReplicateKey": ("Policy",)}

# S3's operations that moto lacks, and does something else for: it lists the objects, creates or deletes the bucket,
# reads or writes the object.
S3_TAKEN_FOR_OTHERS = frozenset(
    (
        "CreateBucketMetadataConfiguration",
        "CreateBucketMetadataTableConfiguration",
        "CreateSession",
        "DeleteBucketAnalyticsConfiguration",
        "DeleteBucketIntelligentTieringConfiguration",
        "DeleteBucketInventoryConfiguration",
        "DeleteBucketMetadataConfiguration",
        "DeleteBucketMetadataTableConfiguration",
        "DeleteBucketMetricsConfiguration",
        "DeleteObjectAnnotation",
        "GetBucketAbac",
        "GetBucketAnalyticsConfiguration",
        "GetBucketIntelligentTieringConfiguration",
        "GetBucketMetadataConfiguration",
        "GetBucketMetadataTableConfiguration",
        "GetBucketMetricsConfiguration",
        "GetBucketRequestPayment",
        "GetObjectAnnotation",
        "GetObjectRetention",
        "GetObjectTorrent",
        "ListBucketAnalyticsConfigurations",
        "ListBucketIntelligentTieringConfigurations",
        "ListBucketMetricsConfigurations",
        "ListDirectoryBuckets",
        "ListObjectAnnotations",
        "PutBucketAbac",
        "PutBucketAnalyticsConfiguration",
        "PutBucketIntelligentTieringConfiguration",
        "PutBucketMetricsConfiguration",
        "PutBucketRequestPayment",
        "PutObjectAnnotation",
        "RenameObject",
        "UpdateBucketMetadataAnnotationTableConfiguration",
        "UpdateBucketMetadataInventoryTableConfiguration",
        "UpdateBucketMetadataJournalTableConfiguration",
        "UpdateObjectEncryption",
        "WriteGetObjectResponse",
    )
)
