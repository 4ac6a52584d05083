"""The lines that tell what a deployment adds to the bill."""

from __future__ import annotations

import pytest

from fake_accounts.provider import AwsProvider
from harness.deploy.costs import BILLED, FREE, costs
from harness.deploy.model import Action, Change


def change(kind: str, action: Action = "created", diff: str = "") -> Change:
    return Change("dev", action, kind, f"{kind}.this", diff)


def test_what_is_created_is_told_by_kind_with_its_number() -> None:
    bucket, key = change("aws_s3_bucket"), change("aws_kms_key")
    first, second = costs([bucket, key, bucket])
    assert first.startswith("1 x KMS key: 1 USD a month each")
    assert second.startswith("2 x S3 bucket: storage")


@pytest.mark.parametrize("action", ["updated", "unchanged", "deleted", "replaced"])
def test_only_what_is_new_is_told(action: Action) -> None:
    assert costs([change("aws_kms_key", action)]) == []


def test_what_is_free_is_not_told() -> None:
    assert costs([change(kind) for kind in FREE]) == []


def test_a_pipeline_is_told_with_the_instances_that_its_definition_names() -> None:
    diff = '+ "InstanceType": "ml.m5.large"\n+ "InstanceType": "ml.g4dn.xlarge", "ml.m5.large"'
    (line,) = costs([change("pipeline", diff=diff)])
    assert line.endswith("by the second (ml.g4dn.xlarge, ml.m5.large)")


def test_a_kind_that_is_not_known_is_said_to_be_unknown() -> None:
    (line,) = costs([change("aws_nat_gateway"), change("aws_nat_gateway")])
    assert line == "2 x aws_nat_gateway: unknown; see its service's pricing page"


def test_every_resource_of_the_provider_is_known() -> None:
    types = {f"aws_{resource.get_name()}" for resource in AwsProvider().get_resources()}
    assert types <= BILLED.keys() | FREE
