"""The generic engine: an operation's own action on what its parameters name."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.access.needs.engine import plan
from harness.model import AwsError
from tests.unit.access.needs.calls import peopled
from tests.unit.access.needs.world import AWAY, HOME, REGION, asked, told

names = st.text(string.ascii_letters + string.digits + "-", min_size=1, max_size=63)
accounts = st.text(string.digits, min_size=12, max_size=12)
JOB = f"arn:aws:sagemaker:{REGION}:{HOME}:processing-job/p"


@given(names)
def test_a_name_means_the_callers_own_resource(name: str) -> None:
    (own,) = asked("sagemaker", "DescribeModel", {"ModelName": name})
    assert own.resource == f"arn:aws:sagemaker:{REGION}:{HOME}:model/{name}"
    assert own.owner == HOME


@given(accounts, names)
def test_an_arn_in_the_place_of_a_name_means_itself(account: str, name: str) -> None:
    arn = f"arn:aws:sagemaker:{REGION}:{account}:pipeline/{name}"
    (own,) = asked("sagemaker", "DescribePipeline", {"PipelineName": arn})
    assert (own.resource, own.owner) == (arn, account)


@given(names)
def test_a_name_and_its_arn_need_the_same(name: str) -> None:
    arn = f"arn:aws:sagemaker:{REGION}:{HOME}:pipeline/{name}"
    by_name, by_arn = (asked("sagemaker", "DeletePipeline", {"PipelineName": given}) for given in (name, arn))
    assert by_name == by_arn


def test_a_call_that_leaves_out_what_it_is_about_needs_everything() -> None:
    (own,) = asked("sagemaker", "DescribeModel", {})
    assert told(own) == "sagemaker:DescribeModel on *"


def test_of_an_unknown_operation_nothing_is_made_up() -> None:
    with pytest.raises(AwsError) as refused:
        asked("sagemaker", "DescribeTheFuture", {})
    assert (refused.value.code, refused.value.status) == ("UnsupportedOperation", 501)
    assert "sagemaker:DescribeTheFuture" in refused.value.message


def test_of_an_unknown_service_nothing_is_made_up() -> None:
    with pytest.raises(AwsError, match="teleport:Beam"):
        asked("teleport", "Beam", {})


def test_what_parameters_cannot_name_is_not_covered() -> None:
    # Its action is on a delivery, which the call names only by an id that no part of the ARN is called after.
    with pytest.raises(AwsError, match="logs:DeleteDelivery needs"):
        asked("logs", "DeleteDelivery", {"id": "x"})


def test_a_resources_tags_are_told_but_not_of_one_that_is_only_being_made() -> None:
    world = peopled(tags={JOB: {"Team": "ml"}})
    params = {"ProcessingJobName": "p"}
    (stop,) = asked("sagemaker", "StopProcessingJob", params, facts=world)
    (create,) = asked("sagemaker", "CreateProcessingJob", params, facts=world)
    assert stop.context == {"aws:resourcetag/team": "ml", "sagemaker:resourcetag/team": "ml"}
    assert create.context == {}


def test_a_resource_of_another_account_is_that_accounts() -> None:
    arn = f"arn:aws:sagemaker:{REGION}:{AWAY}:model-package/g/1"
    (own,) = asked("sagemaker", "ListTags", {"ResourceArn": arn})
    assert own.owner == AWAY


def test_an_operations_plan_is_made_once() -> None:
    assert plan("sagemaker", "DescribeModel") is plan("sagemaker", "DescribeModel")
