"""The train pipeline: pre-process, train, evaluate and, if the model is good enough, register it."""

from sagemaker.drift_check_baselines import DriftCheckBaselines
from sagemaker.estimator import Estimator
from sagemaker.inputs import TrainingInput
from sagemaker.model import Model
from sagemaker.model_metrics import MetricsSource, ModelMetrics
from sagemaker.processing import ProcessingInput, ProcessingOutput, ScriptProcessor
from sagemaker.workflow.condition_step import ConditionStep
from sagemaker.workflow.conditions import ConditionGreaterThan
from sagemaker.workflow.entities import PipelineVariable
from sagemaker.workflow.fail_step import FailStep
from sagemaker.workflow.functions import Join, JsonGet
from sagemaker.workflow.model_step import ModelStep
from sagemaker.workflow.parameters import ParameterFloat, ParameterInteger, ParameterString
from sagemaker.workflow.pipeline import Pipeline
from sagemaker.workflow.pipeline_context import PipelineSession
from sagemaker.workflow.properties import Properties, PropertyFile
from sagemaker.workflow.quality_check_step import QualityCheckStep
from sagemaker.workflow.steps import ProcessingStep, TrainingStep

from pipelines.building import (
    check_job,
    check_of,
    per_execution,
    processing_parameters,
    sklearn_image,
    xgboost_image,
)
from pipelines.environment import Environment
from pipelines.jobscripts import script_uri

HYPERPARAMETERS: dict[str, str | PipelineVariable] = {
    "objective": "binary:logistic",
    "eval_metric": "auc",
    "num_round": "50",
    "max_depth": "5",
    "eta": "0.2",
    "gamma": "4",
    "min_child_weight": "6",
    "subsample": "0.7",
}

EVALUATION = PropertyFile(name="EvaluationReport", output_name="evaluation", path="evaluation.json")


def build_train_pipeline(environment: Environment, session: PipelineSession) -> Pipeline:
    """The train pipeline of an environment. Building it calls nothing."""
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
        conditions=[ConditionGreaterThan(left=_auc(evaluation), right=threshold)],  # type: ignore[arg-type]
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
        estimator = Estimator(
            image_uri=xgboost_image(self.environment),
            role=self.environment.execution_role,
            instance_type=self.environment.instance_type,
            instance_count=1,
            output_path=self.environment.artifacts("models"),
            output_kms_key=self.environment.kms_key,
            hyperparameters=HYPERPARAMETERS,
            disable_profiler=True,
            debugger_hook_config=False,
            sagemaker_session=self.session,
        )
        channels = {
            name: TrainingInput(_output_uri(preprocessing, name), content_type="text/csv")
            for name in ("train", "validation")
        }
        return TrainingStep(name="Mammo-Train", step_args=estimator.fit(channels))

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
        model = Model(
            image_uri=xgboost_image(self.environment),
            model_data=_artifact(training),
            role=self.environment.execution_role,
            sagemaker_session=self.session,
        )
        made = baseline.properties
        return ModelStep(
            name="Mammo-RegisterModel",
            display_name="Mammo-RegisterModel",
            step_args=model.register(
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


def _input(name: str, source: ParameterString | Properties) -> ProcessingInput:
    return ProcessingInput(input_name=name, source=source, destination=f"/opt/ml/processing/{name}")


def _output(name: str, place: Join) -> ProcessingOutput:
    return ProcessingOutput(output_name=name, source=f"/opt/ml/processing/{name}", destination=place)


def _artifact(training: TrainingStep) -> Properties:
    artifact: Properties = training.properties.ModelArtifacts.S3ModelArtifacts
    return artifact


def _output_uri(step: ProcessingStep, name: str) -> Properties:
    uri: Properties = step.properties.ProcessingOutputConfig.Outputs[name].S3Output.S3Uri
    return uri


def _json(uri: Properties | Join) -> MetricsSource:
    return MetricsSource(content_type="application/json", s3_uri=uri)
