"""Pipelines."""

from __future__ import annotations

import json
from typing import Any

import pytest

from harness.model import Json
from harness.scenario import Execution
from tests.conformance.test_processing import FOREVER, OUT, TELL
from tests.conformance.workbench import (
    XGBOOST,
    channel,
    predictions,
    script_request,
    training_request,
    transform_request,
    under,
    written,
)
from tests.e2e.account import MONITOR, Account
from tests.e2e.callers import REGISTRY, Callers, allow, own_name, policy, refused, trust
from tests.e2e.test_bad_definitions import create, definition
from tests.e2e.test_permissions_of_services import LAMBDA, LOGS, SAGEMAKER, function
from tests.unit.orchestrator.words import condition, equals, fail, get, join, json_get


def step(kind: str, name: str, request: Json, **body: Any) -> Json:
    """A step of a job (kind: Processing, Training, Transform) that this request would create."""
    arguments = {key: value for key, value in request.items() if key != f"{kind}JobName"}
    return {"Name": name, "Type": kind, "Arguments": arguments, **body}


def script(dev: Account, name: str, text: str, *arguments: Any, **body: Any) -> Json:
    """A processing step of a Python text, whose output may be told of."""
    output = dev.output("output", "told")
    request = script_request(dev, TELL + text, *arguments, ProcessingOutputConfig=output)
    return step("Processing", name, request, **body)


def executed(dev: Account, name: str, **parameters: str) -> Execution:
    """An execution of a pipeline that has ended."""
    sagemaker = dev.client("sagemaker")
    given = [{"Name": key, "Value": value} for key, value in parameters.items()]
    arn = sagemaker.start_pipeline_execution(PipelineName=name, PipelineParameters=given)[
        "PipelineExecutionArn"
    ]
    assert dev.stack.client.settle() == []
    told = sagemaker.describe_pipeline_execution(PipelineExecutionArn=arn)
    steps = sagemaker.list_pipeline_execution_steps(PipelineExecutionArn=arn, SortOrder="Ascending")
    return Execution(
        arn, told["PipelineExecutionStatus"], told.get("FailureReason", ""), steps["PipelineExecutionSteps"]
    )


def ran(dev: Account, *steps: Json, **more: Any) -> Execution:
    """An execution of a pipeline of these steps; it has ended."""
    return executed(dev, create(dev, definition(*steps, **more)))


def statuses(execution: Execution) -> dict[str, str]:
    return {s["StepName"]: s["StepStatus"] for s in execution.steps}


def job(dev: Account, execution: Execution, name: str, kind: str = "Processing") -> Json:
    """The description of a step's job."""
    arn = execution.step(name)["Metadata"][f"{kind}Job"]["Arn"]
    describe = getattr(dev.client("sagemaker"), f"describe_{kind.lower()}_job")
    told: Json = describe(**{f"{kind}JobName": arn.rsplit("/", 1)[-1]})
    return told


def told(dev: Account, execution: Execution, name: str) -> Any:
    """What a script step `tell`s."""
    return json.loads(written(dev, job(dev, execution, name))["told.json"])


def test_a_pipelines_life(dev: Account) -> None:
    """A pipeline is listed, described and updated, until it is deleted"""
    sagemaker, old, new = dev.client("sagemaker"), definition(fail("Old")), definition(fail("New"))
    name = create(dev, old)
    assert sagemaker.describe_pipeline(PipelineName=name)["PipelineDefinition"] == old
    sagemaker.update_pipeline(PipelineName=name, PipelineDefinition=new)
    assert sagemaker.describe_pipeline(PipelineName=name)["PipelineDefinition"] == new
    listed = sagemaker.get_paginator("list_pipelines").paginate()
    assert name in [p["PipelineName"] for page in listed for p in page["PipelineSummaries"]]
    sagemaker.delete_pipeline(PipelineName=name, ClientRequestToken=own_name("delete").ljust(32, "0"))
    assert refused(sagemaker.describe_pipeline, PipelineName=name)[0] == "ResourceNotFound"


def test_a_definition_that_cannot_be(dev: Account) -> None:
    """A definition that refers to a step it does not have is refused"""
    bad = fail("End", get("Steps.Nowhere.ProcessingJobArn"))
    assert refused(create, dev=dev, text=definition(bad))[:2] == ("ValidationException", 400)


def test_parameters(dev: Account) -> None:
    """A parameter has its default, or what the execution is started with"""
    batch = {"Name": "batch", "Type": "String", "DefaultValue": "clean"}
    steps = script(dev, "Read", "tell(sys.argv[1])", get("Parameters.batch"))
    name = create(dev, definition(steps, Parameters=[batch]))
    assert told(dev, executed(dev, name), "Read") == "clean"
    assert told(dev, executed(dev, name, batch="outliers"), "Read") == "outliers"


def test_executions_are_listed(dev: Account) -> None:
    """A pipeline's executions are listed, the newest first"""
    name = create(dev, definition(fail("End")))
    runs = [executed(dev, name).arn for _ in range(2)]
    listed = dev.client("sagemaker").list_pipeline_executions(PipelineName=name)["PipelineExecutionSummaries"]
    assert [one["PipelineExecutionArn"] for one in listed] == runs[::-1]


def test_expressions(dev: Account) -> None:
    """Texts are joined of parameters, the execution's variables and other steps' properties"""
    where = "ProcessingOutputConfig.Outputs['told'].S3Output.S3Uri"
    words = join("|", get("Execution.PipelineName"), get("Parameters.n"), get(f"Steps.First.{where}"))
    run = ran(
        dev,
        script(dev, "First", "tell(1)"),
        script(dev, "Second", "tell(sys.argv[1])", words),
        Parameters=[{"Name": "n", "Type": "Integer", "DefaultValue": 3}],
    )
    (output,) = job(dev, run, "First")["ProcessingOutputConfig"]["Outputs"]
    assert told(dev, run, "Second") == f"{run.pipeline}|3|{output['S3Output']['S3Uri']}"


@pytest.mark.parametrize(("auc", "status", "ended"), [(0.9, "Succeeded", "Good"), (0.4, "Failed", "Bad")])
def test_a_condition_on_a_property_file(dev: Account, auc: float, status: str, ended: str) -> None:
    """A condition on a property file of AUC {auc} takes the branch that ends {status}"""
    file = {"PropertyFileName": "evaluation", "OutputName": "told", "FilePath": "told.json"}
    evaluation = script(dev, "Evaluate", f"tell({{'auc': {{'value': {auc}}}}})", PropertyFiles=[file])
    good = {
        "Type": "GreaterThan",
        "LeftValue": json_get("Evaluate", "evaluation", "auc.value"),
        "RightValue": 0.5,
    }
    better = condition("Check", [good], [script(dev, "Good", "tell(1)")], [fail("Bad", "too low")])
    run = ran(dev, evaluation, better)
    assert run.status == status
    assert set(statuses(run)) == {"Evaluate", "Check", ended}


def test_a_fail_step(dev: Account) -> None:
    """A Fail step fails the execution with its message"""
    message = join(" ", "AUC under", get("Parameters.threshold"))
    threshold = {"Name": "threshold", "Type": "Float", "DefaultValue": 0.5}
    run = ran(dev, fail("TooLow", message), Parameters=[threshold])
    assert (run.status, run.step("TooLow")["FailureReason"]) == ("Failed", "AUC under 0.5")


def test_train_model_transform(dev: Account) -> None:
    """A model that one step trains is another's model, with which a third predicts"""
    rows = (f"{int(n >= 50)},{n},0" for n in range(100))
    trained = training_request(
        dev,
        InputDataConfig=[channel(dev, "train", *rows, ContentType="text/csv")],
        HyperParameters={"objective": "binary:logistic", "num_round": "5"},
    )
    artifact = get("Steps.Train.ModelArtifacts.S3ModelArtifacts")
    container = {"Image": XGBOOST, "ModelDataUrl": artifact}
    model = {"ExecutionRoleArn": dev.role, "PrimaryContainer": container}
    predicted = transform_request(dev, "", "0,0\n99,0\n") | {"ModelName": get("Steps.Model.ModelName")}
    run = ran(
        dev,
        step("Training", "Train", trained),
        step("Model", "Model", model),
        step("Transform", "Predict", predicted),
    )
    assert statuses(run) == dict.fromkeys(("Train", "Model", "Predict"), "Succeeded")
    (text,) = predictions(dev, job(dev, run, "Predict", "Transform")).values()
    assert [round(float(line)) for line in text.splitlines()] == [0, 1]


def lambda_step(callers: Callers, code: str, **arguments: Any) -> Json:
    """One that has the output `model`."""
    name = function(callers, callers.role(LOGS, trusts=trust(LAMBDA)), code)
    return {
        "Name": "Ask",
        "Type": "Lambda",
        "FunctionArn": f"arn:aws:lambda:us-east-1:111122223333:function:{name}",
        "OutputParameters": [{"OutputName": "model", "OutputType": "String"}],
        "Arguments": arguments,
    }


def test_a_lambda_step(callers: Callers, dev: Account) -> None:
    """A Lambda step gets its arguments, and its outputs go to other steps"""
    asked = lambda_step(callers, "return {'model': event['group'] + '/1'}", group="mammo")
    answer = get("Steps.Ask.OutputParameters['model']")
    run = ran(dev, asked, script(dev, "Use", "tell(sys.argv[1])", answer))
    assert told(dev, run, "Use") == "mammo/1"


def test_a_lambda_step_that_fails(callers: Callers, dev: Account) -> None:
    """A Lambda step fails with its function's error"""
    run = ran(dev, lambda_step(callers, "raise LookupError('No approved model package')"))
    assert run.status == "Failed"
    assert "No approved model package" in run.step("Ask")["FailureReason"]


def check_step(dev: Account, *rows: str, **body: Any) -> Json:
    """A QualityCheck of these rows."""
    uri = dev.put(f"{own_name('checked')}/part.csv", "".join(f"{row}\n" for row in rows))
    request = dev.processing_request(
        AppSpecification={"ImageUri": MONITOR},
        Environment={
            "dataset_format": '{"csv": {"header": false}}',
            "dataset_source": "/opt/ml/processing/input/baseline_dataset_input",
            "output_path": OUT,
            "publish_cloudwatch_metrics": "Disabled",
        },
        ProcessingInputs=[dev.input(uri, "input/baseline_dataset_input")],
        ProcessingOutputConfig=dev.output("output", "quality_check_output"),
    )
    request.pop("ProcessingJobName")
    flags = {"CheckType": "DATA_QUALITY", "FailOnViolation": True, **body}
    return {"Name": "Check", "Type": "QualityCheck", "Arguments": request, **flags}


def test_a_quality_check(dev: Account) -> None:
    """A QualityCheck step makes a baseline; a second passes what is like it, and fails what is not"""
    rows = [f"{n % 10},{n % 7}" for n in range(200)]
    run = ran(dev, check_step(dev, *rows, SkipCheck=True, RegisterNewBaseline=True))
    assert run.status == "Succeeded"
    made = run.step("Check")["Metadata"]["QualityCheck"]
    before = {
        f"SuppliedBaseline{kind}": made[f"CalculatedBaseline{kind}"] for kind in ("Statistics", "Constraints")
    }
    again = {"SkipCheck": False, "RegisterNewBaseline": False, **before}
    assert ran(dev, check_step(dev, *rows, **again)).status == "Succeeded"
    run = ran(dev, check_step(dev, *(f"{n}.5," for n in range(200)), **again))
    failed = run.step("Check")
    assert (run.status, failed["FailureReason"]) == (
        "Failed",
        "ClientError: Quality check failed. See violation report",
    )
    report = failed["Metadata"]["QualityCheck"]["ViolationReport"]
    assert b"completeness_check" in under(dev, report.rpartition("/")[0])["constraint_violations.json"]


def test_a_version_is_registered_elsewhere(callers: Callers, dev: Account) -> None:
    """A RegisterModel step registers a version in the registry's group, which waits there for approval"""
    registry, group = callers.admin("sagemaker", REGISTRY), own_name("group")
    arn = registry.create_model_package_group(ModelPackageGroupName=group)["ModelPackageGroupArn"]
    versions = arn.replace("model-package-group", "model-package") + "/*"
    sharing = allow("sagemaker:*", [arn, versions], Sid="share", Principal={"AWS": dev.role})
    registry.put_model_package_group_policy(ModelPackageGroupName=group, ResourcePolicy=policy(sharing))
    uri = dev.put("registered/model.tar.gz", "x")
    specification = {
        "Containers": [{"Image": XGBOOST, "ModelDataUrl": uri}],
        "SupportedContentTypes": ["text/csv"],
        "SupportedResponseMIMETypes": ["text/csv"],
    }
    arguments = {
        "ModelPackageGroupName": arn,
        "InferenceSpecification": specification,
        "ModelApprovalStatus": "PendingManualApproval",
    }
    run = ran(dev, {"Name": "Register", "Type": "RegisterModel", "Arguments": arguments})
    assert run.status == "Succeeded", run.steps
    (listed,) = registry.list_model_packages(ModelPackageGroupName=group)["ModelPackageSummaryList"]
    made = run.step("Register")["Metadata"]["RegisterModel"]["Arn"]
    assert (listed["ModelPackageArn"], listed["ModelApprovalStatus"]) == (made, "PendingManualApproval")


def test_a_step_that_fails(dev: Account) -> None:
    """A step that fails fails the execution, and what depends on it does not start"""
    run = ran(dev, script(dev, "Crash", "1/0"), script(dev, "After", "tell(1)", DependsOn=["Crash"]))
    assert (run.status, statuses(run)) == ("Failed", {"Crash": "Failed"})
    assert "exit code: 1" in run.step("Crash")["FailureReason"]


def test_steps_side_by_side(dev: Account) -> None:
    """Steps that do not depend on each other run at the same time"""
    slow = "import time; time.sleep(1.5)"
    run = ran(dev, *(script(dev, name, f"{slow}; tell(1)") for name in ("A", "B")))
    jobs = [job(dev, run, name) for name in ("A", "B")]
    assert max(j["ProcessingStartTime"] for j in jobs) < min(j["ProcessingEndTime"] for j in jobs)


def test_an_execution_that_is_stopped(dev: Account) -> None:
    """An execution that is stopped stops its job"""
    sagemaker, name = dev.client("sagemaker"), create(dev, definition(script(dev, "Slow", FOREVER)))
    before = dev.stack.client.status()["records"]
    arn = sagemaker.start_pipeline_execution(PipelineName=name)["PipelineExecutionArn"]
    assert dev.stack.client.journal(before, "job", wait=30)
    token = own_name("stop").ljust(32, "0")
    sagemaker.stop_pipeline_execution(PipelineExecutionArn=arn, ClientRequestToken=token)
    assert dev.stack.client.settle(timeout=60) == []
    status = sagemaker.describe_pipeline_execution(PipelineExecutionArn=arn)["PipelineExecutionStatus"]
    (slow,) = sagemaker.list_pipeline_execution_steps(PipelineExecutionArn=arn)["PipelineExecutionSteps"]
    assert (status, slow["StepStatus"]) == ("Stopped", "Stopped")


def test_a_pipeline_acts_in_its_role(callers: Callers, dev: Account) -> None:
    """A pipeline's role that may not create jobs fails the step, and its reason names the action"""
    name, sagemaker = own_name("pipeline"), dev.client("sagemaker")
    sagemaker.create_pipeline(
        PipelineName=name,
        PipelineDefinition=definition(script(dev, "Work", "tell(1)")),
        RoleArn=callers.role(trusts=trust(SAGEMAKER)),
        ClientRequestToken=name.ljust(32, "0"),
    )
    run = executed(dev, name)
    assert "sagemaker:CreateProcessingJob" in run.step("Work")["FailureReason"]


def test_a_condition_of_equals(dev: Account) -> None:
    """A condition on a parameter takes the other branch when its value is another"""
    mode = {"Name": "mode", "Type": "String", "DefaultValue": "train"}
    branch = condition("Which", [equals(get("Parameters.mode"), "train")], [fail("Train")], [fail("Other")])
    name = create(dev, definition(branch, Parameters=[mode]))
    runs = executed(dev, name), executed(dev, name, mode="none")
    assert [set(statuses(run)) - {"Which"} for run in runs] == [{"Train"}, {"Other"}]
