"""The platform's three scripts, as jobs of the harness and as plain processes."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import boto3

from harness.model import Json
from harness.stack import ROOT, Stack
from pipelines import data

BUCKET = "a-sagemaker-bench-jobs"
_TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "sagemaker.amazonaws.com"},
                "Action": "sts:AssumeRole",
            }
        ],
    }
)
_CLUSTER = {"ClusterConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 30}}
_SKLEARN = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.4-2-cpu-py3"
_XGBOOST = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:3.0-5"
HYPERPARAMETERS = {
    "objective": "binary:logistic", "eval_metric": "auc", "num_round": "50", "max_depth": "5", "eta": "0.2",
    "gamma": "4", "min_child_weight": "6", "subsample": "0.7",
}  # fmt: skip
SCRIPTS = ROOT / "pipelines" / "scripts"


def put_inputs(s3: Any, folder: Path) -> Path:
    """The bucket with all that the jobs read; answers the file in `folder` that has the data."""
    data.prepare(folder)
    train_file = folder / "mammo-train-dataset-part1.csv"
    s3.create_bucket(Bucket=BUCKET)
    for path, key in (
        (train_file, "data/part1.csv"),
        (SCRIPTS / "preprocess.py", "code/preprocess/preprocess.py"),
        (SCRIPTS / "evaluate.py", "code/evaluate/evaluate.py"),
    ):
        s3.upload_file(str(path), BUCKET, key)
    return train_file


def auc(s3: Any) -> float:
    """What the last evaluation in the bucket came to."""
    report = json.load(s3.get_object(Bucket=BUCKET, Key="out/evaluation/evaluation.json")["Body"])
    return float(report["binary_classification_metrics"]["auc"]["value"])


class Jobs:
    def __init__(self, stack: Stack) -> None:
        self._client = stack.client
        session = boto3.Session(profile_name="dev")
        self._sagemaker = session.client("sagemaker")
        self._s3 = session.client("s3")
        iam = session.client("iam")
        self._role = iam.create_role(RoleName="bench", AssumeRolePolicyDocument=_TRUST)["Role"]["Arn"]
        iam.attach_role_policy(
            RoleName="bench", PolicyArn="arn:aws:iam::aws:policy/AmazonSageMakerFullAccess"
        )
        self._folder = Path(tempfile.mkdtemp(prefix="harness-bench-", dir=stack.folder))
        self._train_file = put_inputs(self._s3, self._folder)
        self._count = 0

    def noop(self) -> None:
        self._processing(_SKLEARN, ["python3", "-c", "pass"], {}, {})

    def through_the_harness(self) -> None:
        self._processing(
            _SKLEARN,
            ["python3", "/opt/ml/processing/input/code/preprocess.py"],
            {"/opt/ml/processing/input": "data/", "/opt/ml/processing/input/code": "code/preprocess/"},
            {
                f"/opt/ml/processing/{part}": f"out/{part}"
                for part in ("train", "validation", "test", "baseline")
            },
        )
        model = self._training()
        self._processing(
            _XGBOOST,
            ["python3", "/opt/ml/processing/input/code/evaluate.py"],
            {
                "/opt/ml/processing/model": model,
                "/opt/ml/processing/test": "out/test/",
                "/opt/ml/processing/input/code": "code/evaluate/",
            },
            {"/opt/ml/processing/evaluation": "out/evaluation"},
        )

    def by_python(self) -> None:
        """The same three scripts with the same files, one `python` after another."""
        with tempfile.TemporaryDirectory() as folder:
            root = Path(folder)
            shutil.copytree(
                self._folder,
                root / "processing" / "input",
                ignore=shutil.ignore_patterns("*batch*", "*part2*"),
            )
            self._python(root, "from pipelines.scripts.preprocess import main")
            config = root / "input" / "config"
            config.mkdir(parents=True)
            channel = {"ContentType": "text/csv", "TrainingInputMode": "File"}
            (config / "hyperparameters.json").write_text(json.dumps(HYPERPARAMETERS))
            (config / "inputdataconfig.json").write_text(
                json.dumps({"train": channel, "validation": channel})
            )
            (config / "resourceconfig.json").write_text(
                json.dumps({"current_host": "algo-1", "hosts": ["algo-1"]})
            )
            for name in ("train", "validation"):
                shutil.copytree(root / "processing" / name, root / "input" / "data" / name)
            (root / "model").mkdir()
            self._python(root, "sys.path.insert(0, 'images/xgboost'); from algorithm.training import main")
            (root / "processing" / "model").mkdir()
            subprocess.run(
                ["tar", "-czf", root / "processing" / "model" / "model.tar.gz", "-C", root / "model", "."],
                check=True,
            )
            self._python(root, "from pipelines.scripts.evaluate import main")

    def _python(self, root: Path, imports: str) -> None:
        code = f"import sys, pathlib; {imports}; sys.exit(main(pathlib.Path(sys.argv[1])))"
        subprocess.run([sys.executable, "-c", code, root], check=True, cwd=ROOT, stdout=subprocess.DEVNULL)

    def _processing(
        self, image: str, entrypoint: list[str], inputs: dict[str, str], outputs: dict[str, str]
    ) -> None:
        request: Json = {
            "ProcessingResources": _CLUSTER,
            "AppSpecification": {"ImageUri": image, "ContainerEntrypoint": entrypoint},
            "RoleArn": self._role,
            "ProcessingInputs": [self._input(path, key) for path, key in inputs.items()],
            "ProcessingOutputConfig": {"Outputs": [self._output(path, key) for path, key in outputs.items()]},
        }
        if not outputs:
            del request["ProcessingOutputConfig"]
        self._to_the_end("processing", ProcessingJobName=self._name(), **request)

    def _input(self, path: str, key: str) -> Json:
        place = {"S3Uri": self._uri(key), "LocalPath": path, "S3DataType": "S3Prefix", "S3InputMode": "File"}
        return {"InputName": path.rsplit("/", 1)[-1], "S3Input": place}

    def _output(self, path: str, key: str) -> Json:
        place = {"S3Uri": self._uri(key), "LocalPath": path, "S3UploadMode": "EndOfJob"}
        return {"OutputName": path.rsplit("/", 1)[-1], "S3Output": place}

    def _training(self) -> str:
        def channel(name: str) -> Json:
            source = {"S3DataType": "S3Prefix", "S3Uri": self._uri(f"out/{name}")}
            return {"ChannelName": name, "ContentType": "text/csv", "DataSource": {"S3DataSource": source}}

        name = self._name()
        self._to_the_end(
            "training",
            TrainingJobName=name,
            AlgorithmSpecification={"TrainingImage": _XGBOOST, "TrainingInputMode": "File"},
            RoleArn=self._role,
            InputDataConfig=[channel("train"), channel("validation")],
            OutputDataConfig={"S3OutputPath": self._uri("models")},
            ResourceConfig={"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 30},
            StoppingCondition={"MaxRuntimeInSeconds": 600},
            HyperParameters=HYPERPARAMETERS,
        )
        return f"models/{name}/output/model.tar.gz"

    def auc(self) -> float:
        """What the last evaluation through the harness came to."""
        return auc(self._s3)

    def _to_the_end(self, kind: str, **request: Any) -> None:
        after = self._client.status()["records"]
        getattr(self._sagemaker, f"create_{kind}_job")(**request)
        while True:
            for record in self._client.journal(after, "job", wait=30):
                after = record["n"]
                if record["status"] == "Completed":
                    return
                if record["status"] in ("Failed", "Stopped"):
                    raise RuntimeError(
                        f"{record['arn']}: {record['reason']}\n" + "\n".join(record["log_tail"])
                    )

    def _uri(self, key: str) -> str:
        return f"s3://{BUCKET}/{key}"

    def _name(self) -> str:
        self._count += 1
        return f"bench-{self._count}"
