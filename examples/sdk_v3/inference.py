"""The inference pipeline: find the latest approved model, check the batch against its baseline, predict."""

from sagemaker.core.lambda_helper import Lambda
from sagemaker.core.transformer import Transformer
from sagemaker.core.workflow.parameters import ParameterInteger, ParameterString
from sagemaker.core.workflow.pipeline_context import PipelineSession
from sagemaker.mlops.workflow.lambda_step import LambdaOutput, LambdaOutputTypeEnum, LambdaStep
from sagemaker.mlops.workflow.model_step import ModelStep
from sagemaker.mlops.workflow.monitor_batch_transform_step import MonitorBatchTransformStep
from sagemaker.mlops.workflow.pipeline import Pipeline
from sagemaker.serve.model_builder import ModelBuilder

from examples.sdk_v3.building import NO_SCRIPT, check_job, check_of, per_execution, processing_parameters
from pipelines.environment import Environment

FUNCTION_OUTPUTS = (
    "model_package_arn",
    "model_data_url",
    "image_uri",
    "baseline_statistics_uri",
    "baseline_constraints_uri",
)
"""What the pipeline reads of the function's answer."""


def build_inference_pipeline(environment: Environment, session: PipelineSession) -> Pipeline:
    """The inference pipeline of an environment."""
    instance_type, instance_count = processing_parameters(environment)
    batch = ParameterString(
        "transform_input",
        default_value=environment.s3("data", "batch-dataset", "mammo-batch-dataset.csv"),
    )
    approved = _latest_approved_model(environment, session)
    model = _model(environment, session, approved)
    transform = _monitored_transform(
        environment, session, batch, model, approved, instance_type, instance_count
    )
    return Pipeline(
        name=environment.inference_pipeline_name,
        parameters=[instance_type, instance_count, batch],
        # The compiler of 3.27 takes steps alone, not collections of them.
        steps=[approved, model, *transform.steps],
        sagemaker_session=session,
    )


def _latest_approved_model(environment: Environment, session: PipelineSession) -> LambdaStep:
    return LambdaStep(
        name="Mammo-LatestApprovedModel",
        lambda_func=Lambda(function_arn=environment.function_arn, session=session),
        inputs={"model_package_group": environment.model_package_group},
        outputs=[LambdaOutput(name, LambdaOutputTypeEnum.String) for name in FUNCTION_OUTPUTS],
    )


def _model(environment: Environment, session: PipelineSession, approved: LambdaStep) -> ModelStep:
    builder = ModelBuilder(
        image_uri=approved.properties.Outputs["image_uri"],
        s3_model_data_url=approved.properties.Outputs["model_data_url"],
        role_arn=environment.execution_role,
        instance_type=environment.instance_type,
        dependencies=NO_SCRIPT,
        sagemaker_session=session,
    )
    return ModelStep(
        name="Mammo-CreateModel-CreateModel", display_name="Mammo-CreateModel", step_args=builder.build()
    )


def _monitored_transform(
    environment: Environment,
    session: PipelineSession,
    batch: ParameterString,
    model: ModelStep,
    approved: LambdaStep,
    instance_type: ParameterString,
    instance_count: ParameterInteger,
) -> MonitorBatchTransformStep:
    transformer = Transformer(
        model_name=model.properties.ModelName,
        instance_type=environment.instance_type,
        instance_count=1,
        output_path=per_execution(environment.s3("predictions")),
        output_kms_key=environment.kms_key,
        accept="text/csv",
        assemble_with="Line",
        sagemaker_session=session,
    )
    return MonitorBatchTransformStep(
        name="Mammo-MonitorBatchTransform",
        transform_step_args=transformer.transform(data=batch, content_type="text/csv", split_type="Line"),
        monitor_configuration=check_of(batch, report=per_execution(environment.s3("monitoring"))),
        check_job_configuration=check_job(environment, session, instance_type, instance_count),
        monitor_before_transform=True,
        fail_on_violation=True,
        supplied_baseline_statistics=approved.properties.Outputs["baseline_statistics_uri"],
        supplied_baseline_constraints=approved.properties.Outputs["baseline_constraints_uri"],
    )
