"""What an account is to the pipelines, read from the `environments/*.tfvars.json` that Terraform applies."""

import json
import re
from dataclasses import MISSING, dataclass, fields
from pathlib import Path
from typing import Any, Self

from pipelines.errors import BadEnvironmentError

ENVIRONMENTS = Path(__file__).parents[1] / "infra" / "environments"

PREFIX = "mammography-severity-model"
"""Every object of this platform lives under this prefix of its bucket."""


@dataclass(frozen=True, kw_only=True)
class Account:
    """An account of the platform. A field without a default is a key of the account's file; the rest is the
    same everywhere.
    """

    name: str
    account_id: str
    region: str

    @classmethod
    def named(cls, name: str) -> Self:
        """The environment of a name (`dev`), or of a path to another `.tfvars.json` file."""
        return cls.load(Path(name) if name.endswith(".json") else ENVIRONMENTS / f"{name}.tfvars.json")

    @classmethod
    def load(cls, path: Path) -> Self:
        """The environment of a file, named as the file is. Keys that only Terraform needs are ignored."""
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise BadEnvironmentError(f"{path}: {error}") from error
        if not isinstance(content, dict):
            raise BadEnvironmentError(f"{path}: not a JSON object")
        keys = [field.name for field in fields(cls) if field.default is MISSING]
        values: dict[str, Any] = {key: _value(content, key, path) for key in keys if key != "name"}
        return cls(name=path.name.partition(".")[0], **values)


@dataclass(frozen=True, kw_only=True)
class Registry(Account):
    """The account that keeps the versions of the model."""

    model_package_group_name: str


@dataclass(frozen=True, kw_only=True)
class Environment(Account):
    """An account the pipelines are deployed to, and the registry they share."""

    bucket_name: str
    kms_key_alias: str
    execution_role_name: str
    lambda_role_name: str
    registry_account_id: str
    artifacts_bucket_name: str
    model_package_group_name: str
    inference_pipeline_name: str
    train_pipeline_name: str

    instance_type: str = "ml.m5.large"
    auc_score_threshold: float = 0.5
    function_name: str = "mammo-severity-sagemaker-latest-approved-model"
    """AmazonSageMakerFullAccess lets a pipeline invoke only functions with `sagemaker` in their name."""

    @property
    def kms_key(self) -> str:
        """The account's own key, by alias: what it writes is encrypted with it."""
        return f"arn:aws:kms:{self.region}:{self.account_id}:{self.kms_key_alias}"

    @property
    def execution_role(self) -> str:
        """The role that pipelines and their jobs run under."""
        return f"arn:aws:iam::{self.account_id}:role/{self.execution_role_name}"

    @property
    def lambda_role(self) -> str:
        """The role of the function that asks the registry for the latest approved model."""
        return f"arn:aws:iam::{self.account_id}:role/{self.lambda_role_name}"

    @property
    def function_arn(self) -> str:
        """The function that asks the registry for the latest approved model."""
        return f"arn:aws:lambda:{self.region}:{self.account_id}:function:{self.function_name}"

    @property
    def model_package_group(self) -> str:
        """The registry's group, by ARN because it is another account's."""
        return (
            f"arn:aws:sagemaker:{self.region}:{self.registry_account_id}"
            f":model-package-group/{self.model_package_group_name}"
        )

    def s3(self, *parts: str) -> str:
        """The S3 URI of a place under the platform's prefix of this account's bucket."""
        return "/".join([f"s3://{self.bucket_name}", PREFIX, *parts])

    def artifacts(self, kind: str) -> str:
        """The S3 URI in the registry's bucket where this account keeps a kind of what its versions refer
        to. Another account that uses a version reads these; it can't read this account's bucket.
        """
        return f"s3://{self.artifacts_bucket_name}/{PREFIX}/{kind}/{self.name}"


def _value(content: dict[str, Any], key: str, path: Path) -> str:
    if key not in content:
        raise BadEnvironmentError(f"{path}: key {key!r} is missing")
    value = content[key]
    if not isinstance(value, str) or not value:
        raise BadEnvironmentError(f"{path}: key {key!r} is {value!r}, not a text")
    if key.endswith("account_id") and not re.fullmatch(r"\d{12}", value):
        raise BadEnvironmentError(f"{path}: key {key!r} is {value!r}, not an account's 12 digits")
    return value
