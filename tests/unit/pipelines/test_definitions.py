"""The definitions say what the platform's description says, under its names."""

import json
from typing import Any

import pytest

from pipelines.building import pipeline_session
from pipelines.environment import Environment
from pipelines.inference import build_inference_pipeline

pytestmark = pytest.mark.filterwarnings("ignore::Warning:sagemaker")

BUCKET = "s3://mammo-severity-sagemaker-111122223333/mammography-severity-model"
ARTIFACTS = "s3://mammo-severity-sagemaker-artifacts-777788889999/mammography-severity-model"
EXECUTION = {"Get": "Execution.PipelineExecutionId"}

Definition = dict[str, Any]


def test_building_a_definition_calls_no_aws(definitions: Definition) -> None:
    assert definitions["calls"] == []


def test_the_train_pipeline_has_the_platforms_parameters(definitions: Definition) -> None:
    assert _parameters(definitions["train"]) == {
        "ProcessingInstanceType": "ml.m5.large",
        "ProcessingInstanceCount": 1,
        "ModelApprovalStatus": "PendingManualApproval",
        "InputDataUrl": f"{BUCKET}/data/train-dataset/",
        "AucScoreThreshold": 0.5,
    }


def test_the_train_pipeline_has_the_platforms_steps(definitions: Definition) -> None:
    steps = _steps(definitions["train"])
    condition = steps["Mammo-CheckAUCScore"]["Arguments"]
    assert {name: step["Type"] for name, step in steps.items()} == {
        "Mammo-PreProcessing": "Processing",
        "Mammo-Train": "Training",
        "Mammo-Eval": "Processing",
        "Mammo-CheckAUCScore": "Condition",
    }
    assert [(step["Name"], step["Type"]) for step in condition["IfSteps"]] == [
        ("Mammo-DataQualityCheck", "QualityCheck"),
        ("Mammo-RegisterModel-RegisterModel", "RegisterModel"),
    ]
    assert [(step["Name"], step["Type"]) for step in condition["ElseSteps"]] == [("Mammo-AUCFail", "Fail")]


def test_training_has_the_platforms_hyperparameters(definitions: Definition) -> None:
    assert _steps(definitions["train"])["Mammo-Train"]["Arguments"]["HyperParameters"] == {
        "objective": "binary:logistic",
        "eval_metric": "auc",
        "num_round": "50",
        "max_depth": "5",
        "eta": "0.2",
        "gamma": "4",
        "min_child_weight": "6",
        "subsample": "0.7",
    }


def test_artifacts_go_to_the_registrys_bucket_under_the_accounts_key(definitions: Definition) -> None:
    assert _steps(definitions["train"])["Mammo-Train"]["Arguments"]["OutputDataConfig"] == {
        "S3OutputPath": f"{ARTIFACTS}/models/dev",
        "KmsKeyId": "arn:aws:kms:us-east-1:111122223333:alias/mammo-severity-sagemaker-key",
    }


def test_whatever_a_version_refers_to_is_in_the_registrys_bucket_where_the_other_account_can_read_it(
    definitions: Definition,
) -> None:
    steps = _all_steps(definitions["train"])
    for step, kind in (("Mammo-Eval", "evaluations"), ("Mammo-DataQualityCheck", "baselines")):
        outputs = steps[step]["Arguments"]["ProcessingOutputConfig"]["Outputs"]
        assert [output["S3Output"]["S3Uri"]["Std:Join"]["Values"] for output in outputs] == [
            [f"{ARTIFACTS}/{kind}/dev", EXECUTION]
        ]


def test_every_job_runs_in_awss_present_image(definitions: Definition) -> None:
    steps = _all_steps(definitions["train"]) | _all_steps(definitions["inference"])
    images = {name: _image(step["Arguments"]) for name, step in steps.items() if _image(step["Arguments"])}
    assert {name: image.rpartition("/")[2] for name, image in images.items()} == {
        "Mammo-PreProcessing": "sagemaker-scikit-learn:1.4-2-cpu-py3",
        "Mammo-Train": "sagemaker-xgboost:3.0-5",
        "Mammo-Eval": "sagemaker-xgboost:3.0-5",
        "Mammo-DataQualityCheck": "sagemaker-model-monitor-analyzer",
        "Mammo-MonitorBatchTransform-monitoring": "sagemaker-model-monitor-analyzer",
    }


def test_a_model_is_registered_only_above_the_threshold_and_else_the_failure_tells_it(
    definitions: Definition,
) -> None:
    arguments = _steps(definitions["train"])["Mammo-CheckAUCScore"]["Arguments"]
    assert arguments["Conditions"] == [
        {
            "Type": "GreaterThan",
            "LeftValue": {
                "Std:JsonGet": {
                    "PropertyFile": {"Get": "Steps.Mammo-Eval.PropertyFiles.EvaluationReport"},
                    "Path": "binary_classification_metrics.auc.value",
                }
            },
            "RightValue": {"Get": "Parameters.AucScoreThreshold"},
        }
    ]
    message = arguments["ElseSteps"][0]["Arguments"]["ErrorMessage"]["Std:Join"]["Values"]
    assert {"Get": "Parameters.AucScoreThreshold"} in message


def test_the_quality_check_of_training_only_makes_a_new_baseline(definitions: Definition) -> None:
    check = _all_steps(definitions["train"])["Mammo-DataQualityCheck"]
    assert (check["SkipCheck"], check["RegisterNewBaseline"]) == (True, True)
    assert check["Arguments"]["ProcessingInputs"][0]["S3Input"]["S3Uri"] == {
        "Get": "Steps.Mammo-PreProcessing.ProcessingOutputConfig.Outputs['baseline'].S3Output.S3Uri"
    }


def test_a_version_is_registered_in_the_registry_with_metrics_and_baselines(definitions: Definition) -> None:
    arguments = _all_steps(definitions["train"])["Mammo-RegisterModel-RegisterModel"]["Arguments"]
    assert arguments["ModelPackageGroupName"].startswith("arn:aws:sagemaker:us-east-1:777788889999:")
    assert arguments["ModelApprovalStatus"] == {"Get": "Parameters.ModelApprovalStatus"}
    metrics, drift = arguments["ModelMetrics"], arguments["DriftCheckBaselines"]
    assert metrics["ModelQuality"]["Statistics"]["S3Uri"]["Std:Join"]["Values"][1] == "evaluation.json"
    assert set(metrics["ModelDataQuality"]) == set(drift["ModelDataQuality"]) == {"Statistics", "Constraints"}


def test_the_inference_pipeline_asks_checks_and_only_then_transforms(definitions: Definition) -> None:
    steps = _steps(definitions["inference"])
    assert {name: step["Type"] for name, step in steps.items()} == {
        "Mammo-LatestApprovedModel": "Lambda",
        "Mammo-CreateModel-CreateModel": "Model",
        "Mammo-MonitorBatchTransform-transform": "Transform",
        "Mammo-MonitorBatchTransform-monitoring": "QualityCheck",
    }
    transform = steps["Mammo-MonitorBatchTransform-transform"]
    assert transform["DependsOn"] == ["Mammo-MonitorBatchTransform-monitoring"]


def test_the_monitor_fails_on_violations_of_the_approved_models_baseline(definitions: Definition) -> None:
    check = _steps(definitions["inference"])["Mammo-MonitorBatchTransform-monitoring"]
    assert (check["SkipCheck"], check["FailOnViolation"]) == (False, True)
    answer = "Steps.Mammo-LatestApprovedModel.OutputParameters"
    assert check["SuppliedBaselineStatistics"] == {"Get": f"{answer}['baseline_statistics_uri']"}
    assert check["SuppliedBaselineConstraints"] == {"Get": f"{answer}['baseline_constraints_uri']"}


def test_the_monitor_and_the_transform_read_the_same_batch(definitions: Definition) -> None:
    steps = _steps(definitions["inference"])
    transform = steps["Mammo-MonitorBatchTransform-transform"]["Arguments"]["TransformInput"]
    monitor = steps["Mammo-MonitorBatchTransform-monitoring"]["Arguments"]["ProcessingInputs"]
    assert transform["DataSource"]["S3DataSource"]["S3Uri"] == {"Get": "Parameters.transform_input"}
    assert [given["S3Input"]["S3Uri"] for given in monitor] == [{"Get": "Parameters.transform_input"}]


def test_a_run_without_parameters_as_the_schedule_starts_it_reads_the_clean_batch(offline: list[str]) -> None:
    prod = Environment.named("prod")
    pipeline = build_inference_pipeline(prod, pipeline_session(prod))
    clean = prod.s3("data", "batch-dataset", "mammo-batch-dataset.csv")
    assert _parameters(json.loads(pipeline.definition()))["transform_input"] == clean


def test_no_execution_overwrites_anothers_files(definitions: Definition) -> None:
    steps = _all_steps(definitions["train"]) | _all_steps(definitions["inference"])
    outputs = [
        output["S3Output"]["S3Uri"]
        for step in steps.values()
        for output in step["Arguments"].get("ProcessingOutputConfig", {}).get("Outputs", [])
    ]
    outputs.append(
        steps["Mammo-MonitorBatchTransform-transform"]["Arguments"]["TransformOutput"]["S3OutputPath"]
    )
    assert len(outputs) == 8
    assert all(EXECUTION in output["Std:Join"]["Values"] for output in outputs)


def test_everything_a_job_writes_is_encrypted_with_the_accounts_key(definitions: Definition) -> None:
    steps = _all_steps(definitions["train"]) | _all_steps(definitions["inference"])
    configs = ("ProcessingOutputConfig", "OutputDataConfig", "TransformOutput")
    keys = [
        step["Arguments"][c]["KmsKeyId"] for step in steps.values() for c in configs if c in step["Arguments"]
    ]
    assert keys == ["arn:aws:kms:us-east-1:111122223333:alias/mammo-severity-sagemaker-key"] * 6


def _parameters(definition: Definition) -> dict[str, Any]:
    return {parameter["Name"]: parameter["DefaultValue"] for parameter in definition["Parameters"]}


def _steps(definition: Definition) -> dict[str, Definition]:
    return {step["Name"]: step for step in definition["Steps"]}


def _all_steps(definition: Definition) -> dict[str, Definition]:
    steps = _steps(definition)
    branches = [step["Arguments"] for step in steps.values() if step["Type"] == "Condition"]
    inner = [step for branch in branches for step in branch["IfSteps"] + branch["ElseSteps"]]
    return steps | {step["Name"]: step for step in inner}


def _image(arguments: Definition) -> str:
    image: str = arguments.get("AppSpecification", {}).get("ImageUri", "")
    return image or arguments.get("AlgorithmSpecification", {}).get("TrainingImage", "")
