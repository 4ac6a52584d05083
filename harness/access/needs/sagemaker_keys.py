"""SageMaker's condition keys, from what a request says.

Sources: Service Authorization Reference, SageMaker; SageMaker Developer Guide, "Amazon SageMaker AI identity-based
policy examples". A parameter that is not given gives no key; whether AWS fills in the defaults (EnableNetworkIsolation
false, PendingManualApproval) is not known. Left out, for the request does not tell them:
sagemaker:DirectGatedModelAccess, and the keys of a model package's present life cycle and metadata.
"""

from __future__ import annotations

from typing import Any

from harness.access.facts import Facts
from harness.access.values import Values, text
from harness.model import ApiCall

# Of an operation: a condition key, and where in the request its value is; several places are apart by a space.
_Places = dict[str, str]


def _job(resources: str, output: str, network: str = "") -> _Places:
    return {
        "sagemaker:instancetypes": f"{resources}.InstanceType",
        "sagemaker:volumekmskey": f"{resources}.VolumeKmsKeyId",
        "sagemaker:outputkmskey": f"{output}.KmsKeyId",
        "sagemaker:maxruntimeinseconds": "StoppingCondition.MaxRuntimeInSeconds",
        "sagemaker:intercontainertrafficencryption": f"{network}EnableInterContainerTrafficEncryption",
        **_isolated(network),
    }


def _isolated(network: str = "") -> _Places:
    return {
        "sagemaker:networkisolation": f"{network}EnableNetworkIsolation",
        "sagemaker:vpcsubnets": f"{network}VpcConfig.Subnets",
        "sagemaker:vpcsecuritygroupids": f"{network}VpcConfig.SecurityGroupIds",
    }


_FILES = "InputDataConfig.DataSource.FileSystemDataSource"
_PACKAGE = {
    "sagemaker:modelapprovalstatus": "ModelApprovalStatus",
    "sagemaker:modellifecycle:stage": "ModelLifeCycle.Stage",
    "sagemaker:modellifecycle:stagestatus": "ModelLifeCycle.StageStatus",
}
_VERSION = {"sagemaker:pipelineversionid": "PipelineVersionId"}
_PLACES: dict[str, _Places] = {
    "CreateProcessingJob": _job(
        "ProcessingResources.ClusterConfig", "ProcessingOutputConfig", "NetworkConfig."
    ),
    "CreateTrainingJob": {
        **_job("ResourceConfig", "OutputDataConfig"),
        "sagemaker:instancetypes": "ResourceConfig.InstanceType ResourceConfig.InstanceGroups.InstanceType",
        "sagemaker:keepaliveperiod": "ResourceConfig.KeepAlivePeriodInSeconds",
        "sagemaker:enableremotedebug": "RemoteDebugConfig.EnableRemoteDebug",
        "sagemaker:filesystemid": f"{_FILES}.FileSystemId",
        "sagemaker:filesystemtype": f"{_FILES}.FileSystemType",
        "sagemaker:filesystemaccessmode": f"{_FILES}.FileSystemAccessMode",
        "sagemaker:filesystemdirectorypath": f"{_FILES}.DirectoryPath",
    },
    "CreateTransformJob": {
        "sagemaker:instancetypes": "TransformResources.InstanceType",
        "sagemaker:volumekmskey": "TransformResources.VolumeKmsKeyId",
        "sagemaker:outputkmskey": "TransformOutput.KmsKeyId",
    },
    "CreateModel": _isolated(),
    "CreateModelPackage": _PACKAGE,
    "UpdateModelPackage": {
        **_PACKAGE,
        "sagemaker:customermetadatapropertiestoremove": "CustomerMetadataPropertiesToRemove",
    },
    "StartPipelineExecution": _VERSION,
    "DescribePipeline": _VERSION,
}
OPERATIONS = frozenset(_PLACES)
_Path = tuple[str, ...]
_PATHS: dict[str, dict[str, tuple[_Path, ...]]] = {
    operation: {key: tuple(tuple(p.split(".")) for p in told.split()) for key, told in places.items()}
    for operation, places in _PLACES.items()
}
# Multivalued keys, and those that are KMS keys.
_MANY = frozenset(
    f"sagemaker:{name}"
    for name in ("instancetypes", "vpcsubnets", "vpcsecuritygroupids", "customermetadatapropertiestoremove")
)
_KMS = frozenset({"sagemaker:volumekmskey", "sagemaker:outputkmskey"})


def of_call(call: ApiCall, facts: Facts) -> Values:
    """The keys that an operation's parameters give."""
    values: Values = {}
    for key, paths in _PATHS[call.operation].items():
        given = [value for path in paths for value in _at(call.params, path)]
        found = [text(value) for value in given if value not in (None, "")]
        if found:
            values[key] = tuple(found) if key in _MANY else found[0]
    for key in _KMS & values.keys():
        # Older policies say sagemaker:VolumeKmsKey, the Reference of today sagemaker:VolumeKmsKeyArn.
        values[key] = values[f"{key}arn"] = _key_arn(call, facts, str(values[key]))
    metadata = call.params.get("CustomerMetadataProperties") or {}
    values |= {
        f"sagemaker:customermetadataproperties/{name.lower()}": str(text) for name, text in metadata.items()
    }
    return values


def _at(value: Any, path: _Path) -> list[Any]:
    """What is at a path; of a list, in each of its items."""
    if isinstance(value, list):
        return [found for item in value for found in _at(item, path)]
    if not path:
        return [value]
    return _at(value[path[0]], path[1:]) if isinstance(value, dict) and path[0] in value else []


def _key_arn(call: ApiCall, facts: Facts, key: str) -> str:
    found = facts.kms_key(key, call.account, call.region)
    return found.arn if found else key
