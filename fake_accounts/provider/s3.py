"""S3: buckets and their settings."""

from typing import Any, ClassVar

from botocore.exceptions import ClientError

from fake_accounts.buckets import empty
from fake_accounts.provider.naming import Naming
from fake_accounts.provider.resource import AwsResource, Refused, State
from fake_accounts.provider.schema import BOOL, POLICY, STRING, Blocks, computed, optional, required
from fake_accounts.provider.tags import TagApi, Tags, as_list, from_list


class _BucketTags(TagApi):
    """A bucket's tags are written all at once, and reading none is an error."""

    def get(self, aws: Any, state: State) -> Tags:
        try:
            return super().get(aws, state)
        except ClientError as error:
            if error.response["Error"]["Code"] == "NoSuchTagSet":
                return {}
            raise

    def set(self, aws: Any, state: State, old: Tags, new: Tags) -> None:
        if new:
            aws.put_bucket_tagging(Bucket=state["bucket"], Tagging={"TagSet": as_list(new)})
        elif old:
            aws.delete_bucket_tagging(Bucket=state["bucket"])


class Bucket(AwsResource):
    """`aws_s3_bucket`."""

    type_name, service, identity = "s3_bucket", "s3", "bucket"
    naming = Naming("bucket", "bucket_prefix")
    gone = r"^404|NoSuchBucket"
    attributes: ClassVar = [
        optional("force_destroy", BOOL, default=False),
        computed("arn"),
        computed("bucket_domain_name"),
        computed("bucket_regional_domain_name"),
        computed("bucket_region"),
    ]
    tagging = _BucketTags("bucket", "Bucket", read="get_bucket_tagging", answer="TagSet", from_wire=from_list)

    def make(self, want: State) -> State:
        name, region = want["bucket"], self.aws.meta.region_name
        # us-east-1 is S3's default and may not be named.
        place = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
        self.aws.create_bucket(Bucket=name, **place)
        return self._described(name, region)

    def finish(self, made: State) -> None:
        self.tagging.set(self.aws, made, {}, made["tags_all"])

    def look(self, state: State) -> State:
        answer = self.aws.head_bucket(Bucket=state["bucket"])
        return self._described(state["bucket"], answer.get("BucketRegion", self.aws.meta.region_name))

    def change(self, state: State, want: State) -> None:
        """Only `force_destroy` changes, and that is Terraform's own."""

    def remove(self, state: State) -> None:
        try:
            self.aws.delete_bucket(Bucket=state["bucket"])
        except ClientError as error:
            if error.response["Error"]["Code"] != "BucketNotEmpty" or not state["force_destroy"]:
                raise
            empty(self.aws, state["bucket"])
            self.aws.delete_bucket(Bucket=state["bucket"])

    @staticmethod
    def _described(name: str, region: str) -> State:
        return {
            "bucket": name,
            "arn": f"arn:aws:s3:::{name}",
            "bucket_domain_name": f"{name}.s3.amazonaws.com",
            "bucket_regional_domain_name": f"{name}.s3.{region}.amazonaws.com",
            "bucket_region": region,
        }


class BucketVersioning(AwsResource):
    """`aws_s3_bucket_versioning`."""

    type_name, service, identity = "s3_bucket_versioning", "s3", "bucket"
    attributes: ClassVar = [required("bucket", replace=True)]
    blocks: ClassVar = [Blocks("versioning_configuration", [required("status")], at_least=1, at_most=1)]

    def make(self, want: State) -> None:
        (block,) = want["versioning_configuration"]
        self._put(want["bucket"], block["status"])

    def look(self, state: State) -> State:
        status = self.aws.get_bucket_versioning(Bucket=state["bucket"]).get("Status", "Disabled")
        return {"versioning_configuration": [{"status": status}]}

    def foresee(self, state: State, want: State) -> State:
        old, new = (each["versioning_configuration"] for each in (state, want))
        before, after = (block["status"] for block in (*old, *new))
        if after == "Disabled" != before:
            raise Refused(f"versioning_configuration.status cannot be updated from '{before}' to '{after}'")
        return {}

    def remove(self, state: State) -> None:
        (block,) = state["versioning_configuration"]
        if block["status"] != "Disabled":
            self._put(state["bucket"], "Suspended")

    def _put(self, bucket: str, status: str) -> None:
        # A bucket starts as `Disabled`, which can't be asked for.
        if status != "Disabled":
            self.aws.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": status})


class BucketPublicAccessBlock(AwsResource):
    """`aws_s3_bucket_public_access_block`."""

    type_name, service, identity = "s3_bucket_public_access_block", "s3", "bucket"
    _flags: ClassVar = {
        "block_public_acls": "BlockPublicAcls",
        "block_public_policy": "BlockPublicPolicy",
        "ignore_public_acls": "IgnorePublicAcls",
        "restrict_public_buckets": "RestrictPublicBuckets",
    }
    attributes: ClassVar = [
        required("bucket", replace=True),
        *(optional(flag, BOOL, default=False) for flag in _flags),
        optional("skip_destroy", BOOL),
    ]

    def make(self, want: State) -> None:
        configuration = {member: want[flag] for flag, member in self._flags.items()}
        self.aws.put_public_access_block(Bucket=want["bucket"], PublicAccessBlockConfiguration=configuration)

    def look(self, state: State) -> State:
        answer = self.aws.get_public_access_block(Bucket=state["bucket"])["PublicAccessBlockConfiguration"]
        return {flag: answer.get(member, False) for flag, member in self._flags.items()}

    def remove(self, state: State) -> None:
        if not state["skip_destroy"]:
            self.aws.delete_public_access_block(Bucket=state["bucket"])


class BucketEncryption(AwsResource):
    """`aws_s3_bucket_server_side_encryption_configuration`."""

    type_name, service, identity = "s3_bucket_server_side_encryption_configuration", "s3", "bucket"
    attributes: ClassVar = [required("bucket", replace=True)]
    blocks: ClassVar = [
        Blocks(
            "rule",
            [optional("bucket_key_enabled", BOOL)],
            [
                Blocks(
                    "apply_server_side_encryption_by_default",
                    [required("sse_algorithm"), optional("kms_master_key_id", STRING)],
                    at_most=1,
                )
            ],
            as_set=True,
            at_least=1,
        )
    ]

    def make(self, want: State) -> None:
        rules = [_rule_to_wire(rule) for rule in want["rule"]]
        self.aws.put_bucket_encryption(
            Bucket=want["bucket"], ServerSideEncryptionConfiguration={"Rules": rules}
        )

    def look(self, state: State) -> State:
        answer = self.aws.get_bucket_encryption(Bucket=state["bucket"])
        return {"rule": [_rule_from_wire(r) for r in answer["ServerSideEncryptionConfiguration"]["Rules"]]}

    def remove(self, state: State) -> None:
        self.aws.delete_bucket_encryption(Bucket=state["bucket"])


def _rule_to_wire(rule: State) -> State:
    wire: State = {}
    for default in rule["apply_server_side_encryption_by_default"]:
        key = default["kms_master_key_id"]
        wire["ApplyServerSideEncryptionByDefault"] = {
            "SSEAlgorithm": default["sse_algorithm"],
            **({"KMSMasterKeyID": key} if key else {}),
        }
    if rule["bucket_key_enabled"] is not None:
        wire["BucketKeyEnabled"] = rule["bucket_key_enabled"]
    return wire


def _rule_from_wire(wire: State) -> State:
    default = wire.get("ApplyServerSideEncryptionByDefault")
    blocks = (
        [{"sse_algorithm": default["SSEAlgorithm"], "kms_master_key_id": default.get("KMSMasterKeyID")}]
        if default
        else []
    )
    return {
        "bucket_key_enabled": wire.get("BucketKeyEnabled") or None,  # S3 answers false where nothing was said
        "apply_server_side_encryption_by_default": blocks,
    }


class BucketPolicy(AwsResource):
    """`aws_s3_bucket_policy`."""

    type_name, service, identity = "s3_bucket_policy", "s3", "bucket"
    attributes: ClassVar = [required("bucket", replace=True), required("policy", POLICY)]

    def make(self, want: State) -> None:
        self.aws.put_bucket_policy(Bucket=want["bucket"], Policy=POLICY.encode(want["policy"]))

    def look(self, state: State) -> State:
        return {"policy": POLICY.decode(self.aws.get_bucket_policy(Bucket=state["bucket"])["Policy"])}

    def remove(self, state: State) -> None:
        self.aws.delete_bucket_policy(Bucket=state["bucket"])


RESOURCES = [Bucket, BucketVersioning, BucketPublicAccessBlock, BucketEncryption, BucketPolicy]
