"""The role that a job or a model acts in: SageMaker assumes it when the resource is created."""

from __future__ import annotations

from harness.model import AwsError, Caller, Wire
from harness.services.sagemaker.validation import refused

SERVICE = "sagemaker.amazonaws.com"


def assume(wire: Wire, role_arn: str, region: str, source_arn: str) -> Caller:
    """The role's session, for the job or model `source_arn`. Raises AwsError ValidationException in AWS's words where
    SageMaker may not assume it.

    AWS tells this in the Create call's own answer (recorded for CreateTrainingJob), not as a job's failure. Which
    aws:SourceArn a trust policy sees: SageMaker Developer Guide, "Cross-service confused deputy prevention".
    """
    try:
        return wire.as_role(role_arn, SERVICE, "SageMaker", region, source_arn)
    except AwsError as error:
        raise refused(
            f"Could not assume role {role_arn}. Please ensure that the role exists and allows principal "
            f"'{SERVICE}' to assume the role."
        ) from error
