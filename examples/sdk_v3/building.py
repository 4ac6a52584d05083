"""What both pipelines are built with: a session, images, places for outputs, data checks."""

from functools import cache

import boto3
from sagemaker.core import image_uris
from sagemaker.core.helper.pipeline_variable import PipelineVariable
from sagemaker.core.model_monitor.dataset_format import DatasetFormat
from sagemaker.core.workflow.execution_variables import ExecutionVariables
from sagemaker.core.workflow.functions import Join
from sagemaker.core.workflow.parameters import ParameterInteger, ParameterString
from sagemaker.core.workflow.pipeline_context import PipelineSession
from sagemaker.mlops.workflow.check_job_config import CheckJobConfig
from sagemaker.mlops.workflow.quality_check_step import DataQualityCheckConfig

from pipelines.environment import PREFIX, Environment

NO_SCRIPT: dict[str, bool] = {}
"""A model's dependencies. With ModelBuilder's own default its container would be told of a script named ''."""


def pipeline_session(environment: Environment) -> PipelineSession:
    """A session that records requests and sends none; its bucket is the environment's, never a new one."""
    return PipelineSession(
        boto_session=boto3.Session(region_name=environment.region),
        default_bucket=environment.bucket_name,
        default_bucket_prefix=PREFIX,
    )


def sklearn_image(environment: Environment) -> str:
    """AWS's scikit-learn image."""
    return _image("sklearn", "1.4-2", environment.region)


def xgboost_image(environment: Environment) -> str:
    """AWS's XGBoost image: the built-in algorithm, and a place where the model can be read back."""
    return _image("xgboost", "3.0-5", environment.region)


def processing_parameters(environment: Environment) -> tuple[ParameterString, ParameterInteger]:
    """ProcessingInstanceType and ProcessingInstanceCount, the parameters that both pipelines have."""
    return (
        ParameterString("ProcessingInstanceType", default_value=environment.instance_type),
        ParameterInteger("ProcessingInstanceCount", default_value=1),
    )


def per_execution(place: str, *parts: str) -> Join:
    """An S3 URI under `place` that belongs to one execution: no run overwrites another's files."""
    return Join(on="/", values=[place, ExecutionVariables.PIPELINE_EXECUTION_ID, *parts])


def check_of(dataset: PipelineVariable, report: Join) -> DataQualityCheckConfig:
    """Model Monitor's look at a CSV without header, reported to `report`."""
    return DataQualityCheckConfig(
        baseline_dataset=dataset, dataset_format=DatasetFormat.csv(header=False), output_s3_uri=report
    )


def check_job(
    environment: Environment,
    session: PipelineSession,
    instance_type: ParameterString,
    instance_count: ParameterInteger,
) -> CheckJobConfig:
    """The processing job that Model Monitor's analyzer runs in."""
    return CheckJobConfig(
        role=environment.execution_role,
        instance_type=instance_type,
        instance_count=instance_count,
        output_kms_key=environment.kms_key,
        sagemaker_session=session,
    )


@cache
def _image(framework: str, version: str, region: str) -> str:
    # The SDK lists scikit-learn 1.4-2 under training only; processing runs it as well.
    return str(image_uris.retrieve(framework, region, version=version, image_scope="training"))
