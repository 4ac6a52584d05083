"""Where the states of roots are: in a bucket, which one of the roots makes; until it has, in a file."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import botocore.session
from botocore.exceptions import ClientError

from fake_accounts.deployment import BadDeploymentError, Deployment, Item

_LOCAL_BACKEND = 'terraform {\n  backend "local" {}\n}\n'


@dataclass(frozen=True)
class States:
    """The states of a deployment's roots.

    Attributes:
        deployment: What is deployed.
        folder: Where files are kept that are not in the bucket.
        infra: Where the roots are.
        with_profiles: Whether the roots' profiles are used, or the credentials of the environment.
    """

    deployment: Deployment
    folder: Path
    infra: Path
    with_profiles: bool = True

    @property
    def bootstrap(self) -> Path:
        """The state of the root that makes the bucket, while there is none."""
        return self.folder / "bootstrap.tfstate"

    def file(self, root: str) -> Path:
        """A root's state, where no bucket keeps it."""
        place = self.deployment.state
        return self.bootstrap if place and root == place.root else self.folder / f"{root}.tfstate"

    def in_bucket(self) -> bool:
        """Whether the states are in the bucket: there is one, and it is not about to go or not yet in use."""
        place = self.deployment.state
        if place is None or self.bootstrap.exists():
            return False
        s3 = _client("s3", self.profile(self.deployment.roots[place.root]), place.account.region)
        try:
            s3.head_bucket(Bucket=place.bucket)
        except ClientError as error:
            status = error.response["ResponseMetadata"]["HTTPStatusCode"]
            if status == 404:
                return False
            if status == 403:
                raise BadDeploymentError(
                    f"bucket {place.bucket}, for Terraform's state, is another account's, or may not be seen: "
                    f"choose another name for it in infra/environments/{place.account.name}.tfvars.json"
                ) from error
            raise
        return True

    def profile(self, item: Item) -> str | None:
        """Who reads and writes a root's state: its own profile where that is of the bucket's account."""
        place = self.deployment.state
        if not self.with_profiles:
            return None
        return item.profile if place is None or item.account == place.account else place.account.name

    def backend(self, item: Item) -> list[str]:
        """The arguments that `init` needs; none where no bucket keeps the states."""
        place = self.deployment.state
        if place is None:
            return []
        profile = self.profile(item)
        values = {
            "bucket": place.bucket,
            "key": f"terraform/{item.name}.tfstate",
            "region": place.account.region,
            "use_lockfile": "true",
            **({"profile": profile} if profile else {}),
        }
        return [f"-backend-config={name}={value}" for name, value in values.items()]

    @property
    def with_files(self) -> Path:
        """A copy of `infra/` whose states are files, once `copy` has made it."""
        return self.folder / "with-files"

    def copy(self) -> None:
        """Make `with_files`.

        Terraform reads a `*_override.tf` instead of what it overrides; so nothing is written into `infra/` itself.
        """
        shutil.rmtree(self.with_files, ignore_errors=True)
        shutil.copytree(
            self.infra, self.with_files, ignore=shutil.ignore_patterns(".terraform", "*.tfstate*")
        )
        for root in self.deployment.roots:
            (self.with_files / root / "backend_override.tf").write_text(_LOCAL_BACKEND)


def buckets_in(state: str) -> list[str]:
    """The buckets in the text of a Terraform state."""
    resources = json.loads(state or "{}").get("resources", [])
    found = [r["instances"] for r in resources if r["type"] == "aws_s3_bucket" and r["mode"] == "managed"]
    return [instance["attributes"]["bucket"] for instances in found for instance in instances]


def empty(bucket: str, item: Item, profile: str | None) -> None:
    """Delete every version of every object of a bucket, which S3 wants before it deletes one."""
    s3 = _client("s3", profile, item.account.region)
    try:
        for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket):
            found = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
            keys = [{"Key": version["Key"], "VersionId": version["VersionId"]} for version in found]
            answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": keys, "Quiet": True}) if keys else {}
            for refused in answer.get("Errors", []):  # with status 200
                raise ClientError({"Error": refused}, "DeleteObjects")
    except s3.exceptions.NoSuchBucket:
        pass


def _client(service: str, profile: str | None, region: str) -> Any:
    return botocore.session.Session(profile=profile).create_client(service, region_name=region)
