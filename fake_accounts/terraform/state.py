"""Where the states of roots are: in a bucket, which one of the roots makes; until it has, in a file."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
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
        """The state of the root that makes the bucket, while there is none. No other deployment takes it for its own:
        buckets' names are one for all of AWS."""
        assert self.deployment.state
        return self.folder / f"{self.deployment.state.bucket}.tfstate"

    def bring_out(self, state: str) -> None:
        """Write `bootstrap`, all of it or nothing: it is soon all that tells what there is to destroy."""
        beside = self.bootstrap.with_suffix(".new")
        beside.write_text(state)
        os.replace(beside, self.bootstrap)

    def file(self, root: str) -> Path:
        """A root's state, where no bucket keeps it."""
        place = self.deployment.state
        return self.bootstrap if place and root == place.root else self.folder / f"{root}.tfstate"

    def errored(self, root: str) -> Path:
        """A root's state that Terraform could not write into the bucket."""
        return self.folder / f"{root}.errored.tfstate"

    def in_bucket(self) -> bool:
        """Whether the states are in the bucket: there is one, and it is not about to go or not yet in use.

        Raises:
            BadDeploymentError: It is another account's; or it lacks the state of the root that has made it, or has
                another one than the file that a deployment left here when it broke off.
            ClientError, BotoCoreError: It cannot be looked at.
        """
        place = self.deployment.state
        if place is None or not self._is_there():
            return False
        inside = self._inside(f"terraform/{place.root}.tfstate")
        if self.bootstrap.exists():
            return self._outdated(json.loads(self.bootstrap.read_text() or "{}"), inside)
        if not inside:
            raise BadDeploymentError(
                f"bucket {place.bucket} is there, but the state of root {place.root}, which makes it, is not in it. "
                f"If a deployment broke off on another machine, go on there; if the bucket was emptied, get the older "
                f"versions of its objects back; if neither, delete the bucket"
            )
        return True

    def _is_there(self) -> bool:
        place = self.deployment.state
        assert place
        try:
            self._s3.head_bucket(Bucket=place.bucket)
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

    def _outdated(self, file: dict[str, Any], inside: dict[str, Any]) -> bool:
        """Whether a deployment that broke off has gone on in the bucket: its file has done its duty then, and goes."""
        if not inside or not file:
            return False
        if file["lineage"] != inside["lineage"]:
            raise BadDeploymentError(
                f"{self.bootstrap} is left of a deployment that broke off, and the bucket of Terraform's state has "
                "another deployment's by now: delete what is only in the file, and then the file"
            )
        if file["serial"] > inside["serial"]:
            return False
        self.bootstrap.unlink()
        return True

    def needed(self, going: Iterable[str]) -> list[str]:
        """The objects in the bucket that somebody needs still: locks, and states of what is there; but for the states
        of roots that go with it."""
        place = self.deployment.state
        assert place
        gone = {f"terraform/{root}.tfstate" for root in going}
        pages = self._s3.get_paginator("list_objects_v2").paginate(Bucket=place.bucket)
        keys = [item["Key"] for page in pages for item in page.get("Contents", [])]
        states = [key for key in keys if key.endswith(".tfstate") and key not in gone]
        locks = [key for key in keys if key.endswith(".tflock")]
        return [*locks, *(key for key in states if self._inside(key).get("resources"))]

    def _inside(self, key: str) -> dict[str, Any]:
        """A state in the bucket; empty where there is none."""
        assert self.deployment.state
        try:
            answer = self._s3.get_object(Bucket=self.deployment.state.bucket, Key=key)
        except self._s3.exceptions.NoSuchKey:
            return {}
        return dict(json.load(answer["Body"]))

    @cached_property
    def _s3(self) -> Any:
        place = self.deployment.state
        assert place
        return s3(self.profile(self.deployment.roots[place.root]), place.account.region)

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


def s3(profile: str | None, region: str) -> Any:
    """A boto3 client of S3; without a profile, with the credentials of the environment."""
    return botocore.session.Session(profile=profile).create_client("s3", region_name=region)
