"""Emptying a bucket, which S3 wants before it deletes one."""

from typing import Any

from botocore.exceptions import ClientError


def empty(s3: Any, bucket: str) -> None:
    """Delete every version of every object of a bucket; none is no error.

    Args:
        s3: A boto3 client.
        bucket: Its name.

    Raises:
        ClientError: It cannot be looked into, or an object not be deleted.
    """
    try:
        for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket):
            found = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
            keys = [{"Key": version["Key"], "VersionId": version["VersionId"]} for version in found]
            answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": keys, "Quiet": True}) if keys else {}
            for refused in answer.get("Errors", []):  # with status 200
                raise ClientError({"Error": refused}, "DeleteObjects")
    except s3.exceptions.NoSuchBucket:
        pass
