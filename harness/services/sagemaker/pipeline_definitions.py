"""The definition that a CreatePipeline or UpdatePipeline brings."""

from __future__ import annotations

from botocore.exceptions import ClientError

from harness.model import ApiCall, Json
from harness.orchestrator.definition import DefinitionError, read
from harness.services.sagemaker.arns import made, owner
from harness.services.sagemaker.context import Context
from harness.services.sagemaker.validation import refused


def definition_text(ctx: Context, call: ApiCall) -> str:
    """The definition that a call brings, as text or as an object in S3, checked. Raises AwsError."""
    text = call.params.get("PipelineDefinition")
    place = call.params.get("PipelineDefinitionS3Location")
    if text is None and place is None:
        raise refused("Either Pipeline Definition or Pipeline Definition S3 location should be provided")
    if text is not None and place is not None:
        raise refused("Both Pipeline Definition and Pipeline Definition S3 Location shouldn't be present")
    if place is not None:
        text = _from_s3(ctx, call, place)
    try:
        read(str(text))
    except DefinitionError as error:
        # AWS's messages begin so (aws/sagemaker-python-sdk#2345); what follows is its own only here and there.
        raise refused(f"Unable to parse pipeline definition. {error}") from error
    return str(text)


def _from_s3(ctx: Context, call: ApiCall, place: Json) -> str:
    # AWS's aws:SourceArn is not documented for this read, before there is an execution.
    of = owner(call, call.params["PipelineName"], "pipeline")
    pipeline = made(of.account, of.region, "pipeline", of.name)
    role = call.params["RoleArn"]
    caller = ctx.wire.as_role(role, "sagemaker.amazonaws.com", "SageMaker", call.region, pipeline)
    wanted = {"Bucket": place["Bucket"], "Key": place["ObjectKey"]}
    if place.get("VersionId"):
        wanted["VersionId"] = place["VersionId"]
    try:
        return str(caller.client("s3").get_object(**wanted)["Body"].read().decode("utf-8", "replace"))
    except ClientError as error:
        uri = f"s3://{place['Bucket']}/{place['ObjectKey']}"
        reason = error.response["Error"]["Message"]
        raise refused(f"The definition at {uri} cannot be read: {reason}") from error
