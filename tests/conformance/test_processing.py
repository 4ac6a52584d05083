"""Job contract: processing."""

from __future__ import annotations

import json
import time
from typing import Any

from tests.conformance.workbench import CODE, ended, key_of, process, run, script_request, written
from tests.e2e.account import MONITOR, SCIKIT_LEARN, Account
from tests.e2e.callers import Callers, trust
from tests.e2e.test_permissions_of_services import LOGS, SAGEMAKER

OUT = "/opt/ml/processing/output"
TELL = f"""
import json, os, sys
from pathlib import Path
def tell(what): Path("{OUT}/told.json").write_text(json.dumps(what))
"""
FOREVER = "import time; print('begun', flush=True); time.sleep(600)"


def told_by(dev: Account, script: str, *arguments: str, **changes: Any) -> Any:
    """What a script `tell`s."""
    job = run(dev, TELL + script, *arguments, ProcessingOutputConfig=dev.output("output"), **changes)
    assert job["ProcessingJobStatus"] == "Completed", job["FailureReason"]
    return json.loads(written(dev, job)["told.json"])


def test_a_script_from_s3(dev: Account) -> None:
    """A script from S3 finds its inputs at their paths, and what it writes is in S3"""
    script = dev.put("code/copy.py", "import shutil; shutil.copytree('/opt/ml/processing/data', "
                     "'/opt/ml/processing/output', dirs_exist_ok=True)")  # fmt: skip
    dev.put("rows/part.csv", "1,2\n")
    dev.put("rows/more/part.csv", "3,4\n")
    entry = ["python3", f"{CODE}/copy.py"]
    inputs = [dev.input(script, "code", "code"), dev.input(f"s3://{dev.bucket}/rows/", "data", "data")]
    job = process(
        dev,
        **dev.processing_request(
            AppSpecification={"ImageUri": SCIKIT_LEARN, "ContainerEntrypoint": entry},
            ProcessingInputs=inputs,
            ProcessingOutputConfig=dev.output("output"),
        ),
    )
    assert job["ProcessingJobStatus"] == "Completed"
    assert written(dev, job) == {"part.csv": b"1,2\n", "more/part.csv": b"3,4\n"}


def test_arguments_and_environment(dev: Account) -> None:
    """A script gets the request's arguments and environment"""
    script = "tell([sys.argv[1:], os.environ['STAGE'], os.environ['AWS_REGION']])"
    told = told_by(dev, script, "--rows", "1 2", Environment={"STAGE": "dev"})
    assert told == [["--rows", "1 2"], "dev", "us-east-1"]


def test_the_jobs_configuration(dev: Account) -> None:
    """A job finds its request and its resources in /opt/ml/config"""
    read = "json.loads(Path('/opt/ml/config/{}').read_text())"
    script = f"tell([{read.format('processingjobconfig.json')}, {read.format('resourceconfig.json')}])"
    config, resources = told_by(dev, script)
    assert config["AppSpecification"]["ImageUri"] == SCIKIT_LEARN
    assert config["ProcessingJobArn"].endswith(f":processing-job/{config['ProcessingJobName']}")
    assert (resources["current_host"], resources["hosts"]) == ("algo-1", ["algo-1"])


def test_the_images_libraries(dev: Account) -> None:
    """The scikit-learn image has scikit-learn, pandas, numpy and boto3"""
    modules = ("boto3", "numpy", "pandas", "sklearn")
    assert told_by(dev, f"import {', '.join(modules)}; tell(sorted({modules}))") == list(modules)


def test_a_jobs_own_calls(dev: Account) -> None:
    """A job's own calls are its role's"""
    arn = told_by(dev, "import boto3; tell(boto3.client('sts').get_caller_identity()['Arn'])")
    assert arn.startswith("arn:aws:sts::111122223333:assumed-role/worker/")


def test_the_exit_code(dev: Account) -> None:
    """A job fails by its exit code, which its failure reason tells"""
    job = run(dev, "raise SystemExit(3)")
    assert (job["ProcessingJobStatus"], job["FailureReason"]) == ("Failed", "AlgorithmError: , exit code: 3")


def test_a_job_that_is_killed(dev: Account) -> None:
    """A job that is killed, as for want of memory, fails with exit code 137"""
    job = run(dev, "import os; os.kill(os.getpid(), 9)")
    assert (job["ProcessingJobStatus"], job["FailureReason"]) == (
        "Failed",
        "AlgorithmError: , exit code: 137",
    )


def test_the_message(dev: Account) -> None:
    """What a job writes to /opt/ml/output/message is its exit message, whether it completes or fails"""
    script = "open('/opt/ml/output/message', 'w').write('48 rows'); raise SystemExit({})"
    jobs = [run(dev, script.format(code)) for code in (0, 1)]
    assert [job["ProcessingJobStatus"] for job in jobs] == ["Completed", "Failed"]
    assert [job["ExitMessage"] for job in jobs] == ["48 rows", "48 rows"]


def test_a_failed_jobs_output(dev: Account) -> None:
    """A failed job's output is not uploaded, unless it is uploaded continuously"""
    script = f"{TELL}tell(1); raise SystemExit(1)"
    at_end, continuous = dev.output("output"), dev.output("output")
    continuous["Outputs"][0]["S3Output"]["S3UploadMode"] = "Continuous"
    jobs = [run(dev, script, ProcessingOutputConfig=config) for config in (at_end, continuous)]
    assert [list(written(dev, job)) for job in jobs] == [[], ["told.json"]]


def test_an_encrypted_output(dev: Account) -> None:
    """A job's output is encrypted with the key that the request names"""
    key = dev.client("kms").create_key()["KeyMetadata"]["Arn"]
    output = {**dev.output("output"), "KmsKeyId": key}
    run(dev, f"{TELL}tell(1)", ProcessingOutputConfig=output)
    assert key_of(dev, output["Outputs"][0]["S3Output"]["S3Uri"]) == key


def test_a_missing_input(dev: Account) -> None:
    """A job whose input is not there fails before it begins"""
    job = run(dev, "pass", ProcessingInputs=[dev.input(f"s3://{dev.bucket}/nowhere/", "data")])
    assert job["ProcessingJobStatus"] == "Failed"
    assert job["FailureReason"].startswith("ClientError: ")


def test_a_role_that_may_not_read(callers: Callers, dev: Account) -> None:
    """A job whose role may not read its input fails, and its reason names the action"""
    job = run(dev, "pass", RoleArn=callers.role(LOGS, trusts=trust(SAGEMAKER)))
    assert job["ProcessingJobStatus"] == "Failed"
    assert "s3:ListBucket" in job["FailureReason"]


def test_a_job_that_is_stopped(dev: Account) -> None:
    """A job that is stopped ends as Stopped, and its program with it"""
    sagemaker, request = dev.client("sagemaker"), script_request(dev, FOREVER)
    name = request["ProcessingJobName"]
    sagemaker.create_processing_job(**request)
    sagemaker.stop_processing_job(ProcessingJobName=name)
    assert ended(dev, "Processing", name)["ProcessingJobStatus"] == "Stopped"
    assert dev.stack.client.settle(timeout=30) == []


def test_the_time_limit(dev: Account) -> None:
    """A job is stopped at its time limit"""
    began = time.monotonic()
    job = run(dev, FOREVER, StoppingCondition={"MaxRuntimeInSeconds": 1})
    assert job["ProcessingJobStatus"] == "Stopped"
    assert time.monotonic() - began < 30


def test_jobs_side_by_side(dev: Account) -> None:
    """Two jobs at a time see nothing of each other's files"""
    script = f"""{TELL}
import time
Path("/opt/ml/processing", sys.argv[1]).touch()
time.sleep(1)
tell(sorted(os.listdir("/opt/ml/processing")))
"""
    output = dev.output("output"), dev.output("output")
    requests = [
        script_request(dev, script, mark, ProcessingOutputConfig=o)
        for mark, o in zip("ab", output, strict=True)
    ]
    for request in requests:
        dev.client("sagemaker").create_processing_job(**request)
    jobs = [ended(dev, "Processing", request["ProcessingJobName"]) for request in requests]
    seen = [json.loads(written(dev, job)["told.json"]) for job in jobs]
    assert seen == [["a", "code", "output"], ["b", "code", "output"]]


def test_the_monitor(dev: Account) -> None:
    """The Model Monitor image makes a baseline, and finds what violates it"""
    environment = {
        "dataset_format": '{"csv": {"header": false}}',
        "dataset_source": "/opt/ml/processing/input/batch",
        "output_path": OUT,
        "publish_cloudwatch_metrics": "Disabled",
    }
    rows = dev.put("monitored/good/part.csv", "".join(f"{n},{n % 7}\n" for n in range(100)))
    job = process(
        dev,
        **dev.processing_request(
            AppSpecification={"ImageUri": MONITOR},
            Environment=environment,
            ProcessingInputs=[dev.input(rows, "input/batch")],
            ProcessingOutputConfig=dev.output("output"),
        ),
    )
    assert sorted(written(dev, job)) == ["constraints.json", "statistics.json"]
    baseline = job["ProcessingOutputConfig"]["Outputs"][0]["S3Output"]["S3Uri"]
    environment |= {
        f"baseline_{name}": f"/opt/ml/processing/baseline/{name}.json"
        for name in ("statistics", "constraints")
    }
    job = process(
        dev,
        **dev.processing_request(
            AppSpecification={"ImageUri": MONITOR},
            Environment=environment,
            ProcessingInputs=[
                dev.input(dev.put("monitored/bad/part.csv", "x,1\n,2\n"), "input/batch", "batch"),
                dev.input(baseline, "baseline", "baseline"),
            ],
            ProcessingOutputConfig=dev.output("output"),
        ),
    )
    assert job["ExitMessage"].startswith("CompletedWithViolations: Job completed successfully with ")
    found = json.loads(written(dev, job)["constraint_violations.json"])["violations"]
    assert "data_type_check" in {violation["constraint_check_type"] for violation in found}
