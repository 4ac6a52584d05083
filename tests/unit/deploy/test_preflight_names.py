"""What is wrong of `infra/environments/` is known before anything is called."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from fake_accounts.accounts import INFRA
from harness.deploy.model import Finding
from harness.deploy.preflight import names

DEV, PROD = "111122223333", "444455556666"
FINE = {"account_id": DEV, "region": "us-east-1", "bucket_name": "data-sagemaker-1", "prod_account_id": PROD}


def found(folder: Path, **files: Any) -> list[Finding]:
    """Of these contents of ACCOUNT.tfvars.json."""
    (folder / "environments").mkdir()
    for account, content in files.items():
        text = content if isinstance(content, str) else json.dumps(content)
        (folder / "environments" / f"{account}.tfvars.json").write_text(text)
    return names(folder)


def test_the_platforms_own_names_are_fine() -> None:
    assert names(INFRA) == []


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("data-1", "AmazonSageMakerFullAccess grants S3 only to buckets that do"),
        ("Data-SageMaker-sagemaker", "lower-case letters"),
        ("data_sagemaker", "lower-case letters"),
        ("-sagemaker", "at both ends"),
        ("sagemaker-", "at both ends"),
        ("sagemaker" * 7 + "x", "3 to 63"),
        ("sagemaker..x", "two adjacent dots"),
        ("xn--sagemaker", "begins or ends with 'xn--'"),
        ("sthree-sagemaker", "begins or ends with 'sthree-'"),
        ("amzn-s3-demo-sagemaker", "begins or ends with 'amzn-s3-demo-'"),
        ("sagemaker-s3alias", "begins or ends with '-s3alias'"),
        ("sagemaker--ol-s3", "begins or ends with '--ol-s3'"),
        ("sagemaker.mrap", "begins or ends with '.mrap'"),
        ("sagemaker--x-s3", "begins or ends with '--x-s3'"),
        ("sagemaker--table-s3", "begins or ends with '--table-s3'"),
    ],
)
def test_a_bucket_that_could_not_be_made_or_used_is_an_error(tmp_path: Path, name: str, why: str) -> None:
    (error,) = found(tmp_path, dev={**FINE, "artifacts_bucket_name": name})
    assert error.level == "error"
    assert error.problem.startswith(f"infra/environments/dev.tfvars.json: artifacts_bucket_name {name!r} ")
    assert why in error.problem
    assert "choose another artifacts_bucket_name" in error.fix


def test_an_ip_address_is_no_buckets_name(tmp_path: Path) -> None:
    errors = found(tmp_path, dev={**FINE, "bucket_name": "192.168.5.4"})
    assert any("is an IP address" in error.problem for error in errors)


@pytest.mark.parametrize("value", ["11112222333", "1111-2222-3333", 111122223333, "", "١٢٣٤٥٦٧٨٩٠١٢"])
def test_an_account_id_is_12_digits_in_quotes(tmp_path: Path, value: object) -> None:
    (error,) = found(tmp_path, dev={**FINE, "prod_account_id": value})
    assert f"prod_account_id is {value!r}, not an account's 12 digits" in error.problem


def test_the_files_agree_on_every_accounts_id(tmp_path: Path) -> None:
    prod = {**FINE, "account_id": "999999999999"}
    prod.pop("prod_account_id")
    (error,) = found(tmp_path, dev=FINE, prod=prod)
    assert error.account == "dev"
    assert error.problem == (
        "infra/environments/dev.tfvars.json: prod_account_id is 444455556666, "
        "but account_id of infra/environments/prod.tfvars.json is 999999999999"
    )


def test_an_account_without_a_file_of_its_own_may_be_named(tmp_path: Path) -> None:
    assert found(tmp_path, dev={**FINE, "audit_account_id": "999999999999"}) == []


def test_a_file_without_its_account_is_told(tmp_path: Path) -> None:
    (error,) = found(tmp_path, dev={k: v for k, v in FINE.items() if k != "account_id"})
    assert error.problem == "infra/environments/dev.tfvars.json: key account_id is missing"


def test_the_files_agree_on_the_region(tmp_path: Path) -> None:
    prod = {"account_id": PROD, "region": "eu-west-1"}
    (error,) = found(tmp_path, dev=FINE, prod=prod)
    assert error.account == "prod"
    assert "region is eu-west-1, but infra/environments/dev.tfvars.json says us-east-1" in error.problem


def test_a_file_without_a_region_is_told(tmp_path: Path) -> None:
    (error,) = found(tmp_path, dev={k: v for k, v in FINE.items() if k != "region"})
    assert "key region is missing" in error.problem


@pytest.mark.parametrize(("text", "why"), [("{", "Expecting"), ("[]", "not a JSON object")])
def test_a_file_that_is_no_json_is_told_and_the_others_are_looked_at(
    tmp_path: Path, text: str, why: str
) -> None:
    first, second = found(tmp_path, dev=text, prod={**FINE, "account_id": PROD, "bucket_name": "data"})
    assert first.account == "dev"
    assert why in first.problem
    assert "'data' has no `sagemaker` in it" in second.problem


def test_infra_without_accounts_is_told(tmp_path: Path) -> None:
    (error,) = found(tmp_path)
    assert error.problem == "no account is described in infra/environments/"
