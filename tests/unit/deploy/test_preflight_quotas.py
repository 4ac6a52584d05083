"""SageMaker's quotas, compared with what the platform's jobs need."""

from __future__ import annotations

from typing import Any

import pytest

from harness.deploy.model import Finding
from harness.deploy.preflight import quotas
from harness.model import Json
from tests.unit.deploy.sessions import StubbedSession

PROCESSING, TRAINING = "ml.m5.large for processing job usage", "ml.m5.large for training job usage"
APPLIED, DEFAULT = "list_service_quotas", "list_aws_default_service_quotas"


def quota(name: str, value: float, code: str = "L-01234567", **more: Any) -> Json:
    return {
        "ServiceCode": "sagemaker",
        "QuotaName": name,
        "QuotaCode": code,
        "Value": value,
        "Adjustable": True,
        **more,
    }


class ServiceQuotas:
    def __init__(self) -> None:
        self.session = StubbedSession("service-quotas")

    def answers(self, operation: str, *quotas: Json, then: str = "", after: str = "") -> None:
        answer = {"Quotas": list(quotas), **({"NextToken": then} if then else {})}
        asked = {"ServiceCode": "sagemaker", **({"NextToken": after} if after else {})}
        self.session.stub.add_response(operation, answer, asked)

    def compared(self, **wanted: float) -> list[Finding]:
        names = {"processing": PROCESSING, "training": TRAINING}
        found = quotas("prod", self.session, {names[key]: value for key, value in wanted.items()})
        self.session.stub.assert_no_pending_responses()
        return found


@pytest.fixture
def service() -> ServiceQuotas:
    return ServiceQuotas()


def test_a_quota_that_is_enough_is_no_finding(service: ServiceQuotas) -> None:
    service.answers(APPLIED, quota(PROCESSING, 2))
    assert service.compared(processing=2) == []


def test_a_lower_quota_is_an_error_with_the_command_that_raises_it(service: ServiceQuotas) -> None:
    service.answers(APPLIED, quota(PROCESSING, 0.0, "L-ABCDEF01"))
    (error,) = service.compared(processing=1)
    assert (error.level, error.account) == ("error", "prod")
    assert error.problem == f"quota '{PROCESSING}' is 0 in us-east-1, and 1 is needed"
    assert error.fix.startswith(
        "aws service-quotas request-service-quota-increase --service-code sagemaker --quota-code L-ABCDEF01 "
        "--desired-value 1 --region us-east-1 --profile prod"
    )
    assert error.fix.endswith("/servicequotas/home/services/sagemaker/quotas/L-ABCDEF01")


def test_a_quota_that_aws_does_not_raise_wants_another_instance_type(service: ServiceQuotas) -> None:
    service.answers(APPLIED, quota(PROCESSING, 0, Adjustable=False))
    (error,) = service.compared(processing=1)
    assert "choose another instance type" in error.fix


def test_pages_are_read_until_every_quota_is_found(service: ServiceQuotas) -> None:
    service.answers(APPLIED, quota("another", 0), quota(PROCESSING, 1), then="2")
    service.answers(APPLIED, quota(TRAINING, 1), then="3", after="2")
    assert service.compared(processing=1, training=1) == []


def test_where_no_value_is_applied_the_default_counts(service: ServiceQuotas) -> None:
    service.answers(APPLIED, quota(PROCESSING, 4))
    service.answers(DEFAULT, quota(PROCESSING, 0), quota(TRAINING, 0))
    (error,) = service.compared(processing=1, training=1)
    assert f"'{TRAINING}' is 0" in error.problem


def test_a_quota_that_there_is_not_is_a_warning(service: ServiceQuotas) -> None:
    service.answers(APPLIED)
    service.answers(DEFAULT)
    (warning,) = service.compared(processing=1)
    assert warning.level == "warning"
    assert f"knows no quota '{PROCESSING}' of SageMaker in us-east-1" in warning.problem


@pytest.mark.parametrize(
    ("code", "status"), [("AccessDeniedException", 400), ("UnsupportedOperation", 501), ("404", 404)]
)
def test_where_it_cannot_be_asked_it_says_that_it_was_not_checked(
    service: ServiceQuotas, code: str, status: int
) -> None:
    service.session.stub.add_client_error(APPLIED, code, "no", status)
    (warning,) = service.compared(processing=1)
    assert warning.level == "warning"
    assert warning.problem.startswith(f"quotas were not checked: An error occurred ({code})")
    assert "servicequotas:ListServiceQuotas" in warning.fix


def test_nothing_is_asked_where_nothing_is_wanted(service: ServiceQuotas) -> None:
    assert service.compared() == []


def test_a_page_of_html_that_an_emulator_answers_is_not_shown(service: ServiceQuotas) -> None:
    service.session.stub.add_client_error(APPLIED, "500", "<!doctype html>\n<html lang=en>\n<title>500", 500)
    (warning,) = service.compared(processing=1)
    assert warning.problem.endswith("An error occurred (500) when calling the ListServiceQuotas operation")
