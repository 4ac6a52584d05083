"""A job's data: S3 to its folder, its folder to S3, under the job's own role."""

from __future__ import annotations

import gzip
import json
import shutil
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from harness.archives import extract
from harness.model import Json


class DataError(Exception):
    """S3 refused or lacks something. The text is what AWS puts behind the job type's own introduction."""


@dataclass(frozen=True)
class Location:
    """An S3 URI in its two parts."""

    bucket: str
    key: str

    @classmethod
    def of(cls, uri: str) -> Location:
        if not uri.startswith("s3://"):
            raise DataError(f"The S3 URI {uri!r} does not start with s3://")
        bucket, _, key = uri.removeprefix("s3://").partition("/")
        return cls(bucket, key)

    def below(self, relative: str) -> Location:
        return Location(self.bucket, f"{self.key.rstrip('/')}/{relative}".lstrip("/"))

    def __str__(self) -> str:
        return f"s3://{self.bucket}/{self.key}"


@dataclass(frozen=True)
class S3Object:
    """An object a job asked for, and what it is called in the job's folder."""

    location: Location
    relative: str


class Data:
    """Moves data with one S3 client: the job's role's."""

    def __init__(self, s3: Any) -> None:
        self._s3 = s3

    def listed(self, uri: str, data_type: str = "S3Prefix") -> list[S3Object]:
        """The objects of an S3Prefix or a ManifestFile. DataError where there is none."""
        source = Location.of(uri)
        objects = list(self._in_manifest(source) if data_type == "ManifestFile" else self._under(source))
        if not objects:
            # CreateTrainingJob's own sentence; what a processing job says is not documented.
            raise DataError(
                f'No S3 objects found under S3 URL "{uri}" given in input data source. Please ensure that '
                "the bucket exists in the selected region, that objects exist under that S3 prefix, and that "
                "the role has s3:ListBucket permissions on the bucket."
            )
        return objects

    def _under(self, prefix: Location) -> Iterator[S3Object]:
        """Every object whose key starts with the prefix, as AWS has it: `data/part` takes in data/part1.csv.

        Its name in the folder follows the prefix, or the last slash of the prefix where that is not a folder.
        """
        token: Json = {}
        while True:
            page = self._list(prefix, token)
            for item in page.get("Contents", []):
                key: str = item["Key"]
                if not key.endswith("/"):  # the console's folders
                    yield S3Object(Location(prefix.bucket, key), _relative(key, prefix.key))
            if not page.get("IsTruncated"):
                return
            token = {"ContinuationToken": page["NextContinuationToken"]}

    def _list(self, prefix: Location, token: Json) -> Json:
        try:
            answer: Json = self._s3.list_objects_v2(Bucket=prefix.bucket, Prefix=prefix.key, **token)
        except (ClientError, BotoCoreError) as error:
            # The form of aws-samples/sagemaker-run-notebook#32.
            raise DataError(
                f"Failed to download data. ListObjectsV2 failed for {prefix}: {_said(error)}"
            ) from error
        return answer

    def _in_manifest(self, manifest: Location) -> Iterator[S3Object]:
        """A manifest is a JSON list: {"prefix": "s3://..."}, then names relative to it."""
        try:
            head, *names = json.loads(self.read(manifest))
            start = Location.of(head["prefix"])
        except (ValueError, KeyError, TypeError) as error:
            raise DataError(f"{manifest} is not a manifest file: {error}") from error
        for name in names:
            yield S3Object(Location(start.bucket, start.key + name), name)

    def read(self, location: Location) -> bytes:
        body: bytes = self._get(location).read()
        return body

    def _get(self, location: Location) -> Any:
        try:
            return self._s3.get_object(Bucket=location.bucket, Key=location.key)["Body"]
        except (ClientError, BotoCoreError) as error:
            # The form of aws/amazon-sagemaker-examples#4384.
            raise DataError(f"Unable to download object {location} ({_said(error)})") from error

    def download(self, uri: str, folder: Path, data_type: str = "S3Prefix") -> None:
        for item in self.listed(uri, data_type):
            target = inside(folder, item.relative)
            target.parent.mkdir(parents=True, exist_ok=True)
            with target.open("wb") as file:
                shutil.copyfileobj(self._get(item.location), file)

    def upload(self, folder: Path, uri: str, kms_key: str) -> None:
        """Every file below the folder; like AWS, not through symbolic links."""
        for path in sorted(folder.rglob("*")):
            if path.is_file() and not path.is_symlink():
                self.upload_file(path, Location.of(uri).below(path.relative_to(folder).as_posix()), kms_key)

    def upload_file(self, path: Path, location: Location, kms_key: str) -> None:
        with path.open("rb") as body:
            self.put(body, location, kms_key)

    def put(self, body: Any, location: Location, kms_key: str) -> None:
        """Without a key the bucket's own encryption applies. (AWS asks for the account's aws/s3 key.)"""
        encryption = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": kms_key} if kms_key else {}
        try:
            self._s3.put_object(Bucket=location.bucket, Key=location.key, Body=body, **encryption)
        except (ClientError, BotoCoreError) as error:
            raise DataError(f"Unable to upload object {location} ({_said(error)})") from error


def _relative(key: str, prefix: str) -> str:
    if prefix and (prefix.endswith("/") or key.startswith(f"{prefix}/")):
        return key[len(prefix) :].lstrip("/")
    return key[prefix.rfind("/") + 1 :]


def inside(folder: Path, relative: str) -> Path:
    """The path below the folder; DataError where the name would lead out of it."""
    if ".." in PurePosixPath(relative).parts or relative.startswith("/"):
        raise DataError(f"The name {relative!r} leads out of the job's folder")
    return folder / relative


def _said(error: ClientError | BotoCoreError) -> str:
    if isinstance(error, ClientError):
        told = error.response["Error"]
        return f"{told.get('Code', 'Unknown')}: {told.get('Message', '')}"
    return str(error)


def pack(folder: Path, archive: Path) -> None:
    """A tar.gz of the folder's content; the same content gives the same bytes."""
    with (
        archive.open("wb") as raw,
        gzip.GzipFile("", "wb", mtime=0, fileobj=raw) as compressed,
        tarfile.open(mode="w", fileobj=compressed) as tar,
    ):
        for path in sorted(folder.rglob("*")):
            tar.add(path, path.relative_to(folder).as_posix(), recursive=False, filter=_anonymous)


def _anonymous(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = ""
    entry.mtime = 0
    return entry


def unpack(archive: Path, folder: Path) -> None:
    try:
        with tarfile.open(archive) as tar:
            extract(tar, folder)
    except (tarfile.TarError, OSError) as error:
        raise DataError(f"{archive.name} could not be unpacked: {error}") from error
