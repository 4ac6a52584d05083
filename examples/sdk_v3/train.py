"""The train pipeline: pre-process, train, evaluate and, if the model is good enough, register it."""

from sagemaker.core.drift_check_baselines import DriftCheckBaselines
from sagemaker.core.helper.pipeline_variable import PipelineVariable
from sagemaker.core.model_metrics import MetricsSource, ModelMetrics
from sagemaker.core.processing import ScriptProcessor
from sagemaker.core.shapes import (
    OutputDataConfig,
    ProcessingInput,
    ProcessingOutput,
    ProcessingS3Input,
    ProcessingS3Output,
)
from sagemaker.core.workflow.conditions import ConditionGreaterThan
from sagemaker.core.workflow.functions import Join, JsonGet
from sagemaker.core.workflow.parameters import ParameterFloat, ParameterInteger, ParameterString
from sagemaker.core.workflow.pipeline_context import PipelineSession
from sagemaker.core.workflow.properties import Properties, PropertyFile
from sagemaker.mlops.workflow.condition_step import ConditionStep
from sagemaker.mlops.workflow.fail_step import FailStep
from sagemaker.mlops.workflow.model_step import ModelStep
from sagemaker.mlops.workflow.pipeline import Pipeline
from sagemaker.mlops.workflow.quality_check_step import QualityCheckStep
from sagemaker.mlops.workflow.steps import ProcessingStep, TrainingStep
from sagemaker.serve.model_builder import ModelBuilder
from sagemaker.train.configs import Compute, InputData
from sagemaker.train.model_trainer import ModelTrainer

from examples.sdk_v3.building import (
    NO_SCRIPT,
    check_job,
    check_of,
    per_execution,
    processing_parameters,
    sklearn_image,
    xgboost_image,
)
from pipelines.environment import Environment
from pipelines.jobscripts import script_uri

HYPERPARAMETERS = {
    "objective": "binary:logistic",
    "eval_metric": "auc",
    "num_round": 50,
    "max_depth": 5,
    "eta": 0.2,
    "gamma": 4,
    "min_child_weight": 6,
    "subsample": 0.7,
}

EVALUATION = PropertyFile(name="EvaluationReport", output_name="evaluation", path="evaluation.json")


def build_train_pipeline(environment: Environment, session: PipelineSession) -> Pipeline:
    """The train pipeline of an environment."""
    instance_type, instance_count = processing_parameters(environment)
    approval_status = ParameterString("ModelApprovalStatus", default_value="PendingManualApproval")
    input_data = ParameterString("InputDataUrl", default_value=environment.s3("data", "train-dataset", ""))
    threshold = ParameterFloat("AucScoreThreshold", default_value=environment.auc_score_threshold)

    steps = _Steps(environment, session, instance_type, instance_count)
    preprocessing = steps.preprocessing(input_data)
    training = steps.training(preprocessing)
    evaluation = steps.evaluation(preprocessing, training)
    baseline = steps.baseline(preprocessing)
    registration = steps.registration(training, evaluation, baseline, approval_status)
    check = ConditionStep(
        name="Mammo-CheckAUCScore",
        conditions=[ConditionGreaterThan(left=_auc(evaluation), right=threshold)],
        if_steps=[baseline, registration],
        else_steps=[_too_low(threshold)],
    )
    return Pipeline(
        name=environment.train_pipeline_name,
        parameters=[instance_type, instance_count, approval_status, input_data, threshold],
        steps=[preprocessing, training, evaluation, check],
        sagemaker_session=session,
    )


class _Steps:
    """The steps, each a function of the steps it reads from."""

    def __init__(
        self,
        environment: Environment,
        session: PipelineSession,
        instance_type: ParameterString,
        instance_count: ParameterInteger,
    ) -> None:
        self.environment = environment
        self.session = session
        self.instance_type = instance_type
        self.instance_count = instance_count

    def preprocessing(self, input_data: ParameterString) -> ProcessingStep:
        splits = ("train", "validation", "test", "baseline")
        return ProcessingStep(
            name="Mammo-PreProcessing",
            step_args=self._processor(sklearn_image(self.environment)).run(
                code=script_uri(self.environment, "preprocess.py"),
                inputs=[_input("input", input_data)],
                outputs=[_output(name, per_execution(self.environment.s3("train"), name)) for name in splits],
            ),
        )

    def training(self, preprocessing: ProcessingStep) -> TrainingStep:
        trainer = ModelTrainer(
            training_image=xgboost_image(self.environment),
            role=self.environment.execution_role,
            compute=Compute(instance_type=self.environment.instance_type, instance_count=1),
            output_data_config=OutputDataConfig(
                s3_output_path=self.environment.artifacts("models"), kms_key_id=self.environment.kms_key
            ),
            hyperparameters=HYPERPARAMETERS,
            sagemaker_session=self.session,
        )
        channels = [
            InputData(
                channel_name=name, data_source=_output_uri(preprocessing, name), content_type="text/csv"
            )
            for name in ("train", "validation")
        ]
        return TrainingStep(name="Mammo-Train", step_args=trainer.train(input_data_config=channels))

    def evaluation(self, preprocessing: ProcessingStep, training: TrainingStep) -> ProcessingStep:
        return ProcessingStep(
            name="Mammo-Eval",
            step_args=self._processor(xgboost_image(self.environment)).run(
                code=script_uri(self.environment, "evaluate.py"),
                inputs=[
                    _input("model", _artifact(training)),
                    _input("test", _output_uri(preprocessing, "test")),
                ],
                outputs=[_output("evaluation", per_execution(self.environment.artifacts("evaluations")))],
            ),
            property_files=[EVALUATION],
        )

    def baseline(self, preprocessing: ProcessingStep) -> QualityCheckStep:
        """A check that only makes a new baseline, of the very data the model is trained on."""
        return QualityCheckStep(
            name="Mammo-DataQualityCheck",
            skip_check=True,
            register_new_baseline=True,
            quality_check_config=check_of(
                _output_uri(preprocessing, "baseline"),
                report=per_execution(self.environment.artifacts("baselines")),
            ),
            check_job_config=check_job(
                self.environment, self.session, self.instance_type, self.instance_count
            ),
        )

    def registration(
        self,
        training: TrainingStep,
        evaluation: ProcessingStep,
        baseline: QualityCheckStep,
        approval_status: ParameterString,
    ) -> ModelStep:
        report = Join(on="/", values=[_output_uri(evaluation, "evaluation"), EVALUATION.path])
        builder = ModelBuilder(
            image_uri=xgboost_image(self.environment),
            s3_model_data_url=_artifact(training),
            role_arn=self.environment.execution_role,
            instance_type=self.environment.instance_type,
            dependencies=NO_SCRIPT,
            sagemaker_session=self.session,
        )
        made = baseline.properties
        return ModelStep(
            # As a step that registers was named by version 2, which went by the name in front.
            name="Mammo-RegisterModel-RegisterModel",
            display_name="Mammo-RegisterModel",
            step_args=builder.register(
                model_package_group_name=self.environment.model_package_group,
                content_types=["text/csv"],
                response_types=["text/csv"],
                inference_instances=[self.environment.instance_type],
                transform_instances=[self.environment.instance_type],
                approval_status=approval_status,
                model_metrics=ModelMetrics(
                    model_statistics=_json(report),
                    model_data_statistics=_json(made.CalculatedBaselineStatistics),
                    model_data_constraints=_json(made.CalculatedBaselineConstraints),
                ),
                drift_check_baselines=DriftCheckBaselines(
                    model_data_statistics=_json(made.BaselineUsedForDriftCheckStatistics),
                    model_data_constraints=_json(made.BaselineUsedForDriftCheckConstraints),
                ),
            ),
        )

    def _processor(self, image: str) -> ScriptProcessor:
        return ScriptProcessor(
            image_uri=image,
            command=["python3"],
            role=self.environment.execution_role,
            instance_type=self.instance_type,
            instance_count=self.instance_count,
            output_kms_key=self.environment.kms_key,
            sagemaker_session=self.session,
        )


def _too_low(threshold: ParameterFloat) -> FailStep:
    message = Join(on=" ", values=["The model was not registered: its AUC is not above", threshold])
    return FailStep(name="Mammo-AUCFail", error_message=message)


def _auc(evaluation: ProcessingStep) -> JsonGet:
    return JsonGet(
        step_name=evaluation.name,
        property_file=EVALUATION,
        json_path="binary_classification_metrics.auc.value",
    )


def _input(name: str, source: PipelineVariable) -> ProcessingInput:
    place = ProcessingS3Input(
        s3_uri=source,
        local_path=f"/opt/ml/processing/{name}",
        s3_data_type="S3Prefix",
        s3_input_mode="File",
        s3_data_distribution_type="FullyReplicated",
        s3_compression_type="None",
    )
    return ProcessingInput(input_name=name, s3_input=place)


def _output(name: str, uri: Join) -> ProcessingOutput:
    place = ProcessingS3Output(s3_uri=uri, local_path=f"/opt/ml/processing/{name}", s3_upload_mode="EndOfJob")
    return ProcessingOutput(output_name=name, s3_output=place)


def _artifact(training: TrainingStep) -> Properties:
    return training.properties.ModelArtifacts.S3ModelArtifacts


def _output_uri(step: ProcessingStep, name: str) -> Properties:
    return step.properties.ProcessingOutputConfig.Outputs[name].S3Output.S3Uri


def _json(uri: PipelineVariable) -> MetricsSource:
    return MetricsSource(content_type="application/json", s3_uri=uri)
