"""The operations of the Lambda API."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Callable
from pathlib import Path

from botocore.exceptions import ClientError

from harness.clock import Clock
from harness.journal import Journal
from harness.model import ApiCall, AwsError, Json, Runner, Wire
from harness.services.functions.facts import FunctionsFacts
from harness.services.functions.invocation import Invoker
from harness.services.functions.policy import add_permission, get_policy, remove_permission
from harness.services.functions.settings import changed_settings, new_settings
from harness.services.functions.store import (
    LATEST,
    Code,
    Function,
    Reference,
    Store,
    invalid,
    unpack_code,
)

LOG_RESULT = 4096  # bytes of log that an invocation's answer carries


class Functions:
    """Functions of every account and region, run by the same runner as jobs."""

    def __init__(self, wire: Wire, runner: Runner, journal: Journal, clock: Clock, workdir: Path) -> None:
        self._wire = wire
        self._clock = clock
        self._code = workdir / "functions"
        self._code.mkdir(parents=True, exist_ok=True)
        self._store = Store()
        self.facts = FunctionsFacts(self._store)
        self._invoker = Invoker(wire, runner, journal, clock, workdir)
        self._operations: dict[str, Callable[[ApiCall], Json]] = {
            "CreateFunction": self._create,
            "GetFunction": self._get,
            "GetFunctionConfiguration": lambda call: self._function(call).configuration(),
            "UpdateFunctionCode": self._update_code,
            "UpdateFunctionConfiguration": self._update_configuration,
            "DeleteFunction": self._delete,
            "ListFunctions": self._list,
            "PublishVersion": lambda call: self._publish(self._function(call)).configuration(),
            "Invoke": self._invoke,
            "TagResource": self._tag,
            "UntagResource": self._untag,
            "ListTags": lambda call: {"Tags": self._tagged(call).tags},
            "AddPermission": lambda call: add_permission(self._store, self._function(call), call),
            "RemovePermission": lambda call: remove_permission(self._store, self._function(call), call),
            "GetPolicy": lambda call: get_policy(self._function(call)),
        }

    def handle(self, call: ApiCall) -> Json:
        """Answers a call in the shape of botocore's model. Raises AwsError with AWS's codes."""
        operation = self._operations.get(call.operation)
        if operation is None:
            raise AwsError(
                "UnsupportedOperation", f"The harness does not support lambda:{call.operation} yet", 501
            )
        return operation(call)

    def _create(self, call: ApiCall) -> Json:
        reference = Reference.of(call.params["FunctionName"], call.account, call.region)
        settings = new_settings(call.params)
        self._check_role(reference, settings)
        function = Function(
            reference,
            settings,
            self._package(call, call.params["Code"]),
            self._clock.now(),
            tags=dict(call.params.get("Tags", {})),
        )
        self._store.add(function)
        return (self._publish(function) if call.params.get("Publish") else function).configuration()

    def _check_role(self, reference: Reference, settings: Json) -> None:
        try:
            self._invoker.caller(reference, settings["Role"])
        except AwsError as error:
            raise invalid("The role defined for the function cannot be assumed by Lambda.") from error

    def _package(self, call: ApiCall, code: Json) -> Code:
        """The code of a request: the zip file in it, or the object it names."""
        if "ZipFile" in code:
            return unpack_code(code["ZipFile"], self._code)
        if "S3Bucket" not in code:
            raise invalid("Please provide a source for function code.")
        version = {"VersionId": code["S3ObjectVersion"]} if "S3ObjectVersion" in code else {}
        # That the caller may read the object is decided with the call itself.
        s3 = self._wire.as_harness(call.account, call.region).client("s3")
        try:
            body = s3.get_object(Bucket=code["S3Bucket"], Key=code["S3Key"], **version)["Body"].read()
        except ClientError as error:
            told = error.response["Error"]
            raise invalid(
                f"Error occurred while GetObject. S3 Error Code: {told['Code']}. "
                f"S3 Error Message: {told['Message']}"
            ) from error
        return unpack_code(body, self._code)

    def _function(self, call: ApiCall) -> Function:
        qualifier = call.params.get("Qualifier", "")
        return self._store.find(
            Reference.of(call.params["FunctionName"], call.account, call.region, qualifier)
        )

    def _get(self, call: ApiCall) -> Json:
        function = self._function(call)
        # AWS gives a link to download the package; here the package is in a folder of this machine.
        code = {"RepositoryType": "S3", "Location": function.code.folder.as_uri()}
        answer: Json = {"Configuration": function.configuration(), "Code": code}
        return {**answer, "Tags": function.tags} if function.tags else answer

    def _unchanged_since(self, call: ApiCall) -> Function:
        """The function an update is for, which must be at the revision that the request names, if it does."""
        function = self._function(call)
        if call.params.get("RevisionId", function.revision) != function.revision:
            raise AwsError(
                "PreconditionFailedException",
                "The Revision Id provided does not match the latest Revision Id. Call the "
                "GetFunction/GetAlias API to retrieve the latest Revision Id",
                412,
            )
        return function

    def _update_code(self, call: ApiCall) -> Json:
        function = self._unchanged_since(call)
        code = self._package(call, call.params)
        if call.params.get("DryRun"):
            return function.configuration()
        function = self._changed(function, code=code)
        return (self._publish(function) if call.params.get("Publish") else function).configuration()

    def _update_configuration(self, call: ApiCall) -> Json:
        function = self._unchanged_since(call)
        settings = changed_settings(function.settings, call.params)
        self._check_role(function.reference, settings)
        return self._changed(function, settings=settings).configuration()

    def _changed(self, function: Function, **changes: object) -> Function:
        fresh = Function(function.reference, {}, function.code, self._clock.now())
        return self._store.change(function, modified=fresh.modified, revision=fresh.revision, **changes)

    def _publish(self, function: Function) -> Function:
        """A version: the function as it is now. AWS makes no new one of an unchanged function."""
        last = function.versions[-1] if function.versions else None
        if last and (last.code, last.settings) == (function.code, function.settings):
            return last
        version = Function(
            function.reference,
            function.settings,
            function.code,
            function.modified,
            version=str(len(function.versions) + 1),
        )
        self._store.change(function, versions=(*function.versions, version))
        return version

    def _delete(self, call: ApiCall) -> Json:
        reference = Reference.of(
            call.params["FunctionName"], call.account, call.region, call.params.get("Qualifier", "")
        )
        function = self._store.find(reference)
        if function.version == LATEST:
            self._store.remove(reference)
        else:
            whole = self._store.find(Reference(reference.account, reference.region, reference.name, LATEST))
            self._store.change(whole, versions=tuple(v for v in whole.versions if v is not function))
        return {"StatusCode": 204}

    def _list(self, call: ApiCall) -> Json:
        """The marker is the name of the last function of the page before."""
        marker, most = call.params.get("Marker", ""), call.params.get("MaxItems", 50)
        functions = [f for f in self._store.of(call.account, call.region) if f.reference.name > marker]
        page = functions[:most]
        answer: Json = {"Functions": [function.configuration() for function in page]}
        return {**answer, "NextMarker": page[-1].reference.name} if len(functions) > most else answer

    def _invoke(self, call: ApiCall) -> Json:
        function = self._function(call)
        payload = call.params.get("Payload") or b"{}"
        try:
            json.loads(payload)
        except ValueError as error:
            raise AwsError(
                "InvalidRequestContentException",
                f"Could not parse request body into json: {error}",
                400,
                Type="User",
            ) from error
        how = call.params.get("InvocationType", "RequestResponse")
        if how == "DryRun":
            return {"StatusCode": 204}
        if how == "Event":
            self._invoker.invoke_later(
                function, payload, lambda run: threading.Thread(target=run, daemon=True).start()
            )
            return {"StatusCode": 202}
        outcome = self._invoker.invoke(function, payload)
        answer: Json = {"StatusCode": 200, "Payload": outcome.payload, "ExecutedVersion": function.version}
        if outcome.error:
            answer["FunctionError"] = outcome.error
        if call.params.get("LogType") == "Tail":
            log = "".join(f"{line}\n" for line in outcome.log).encode()
            answer["LogResult"] = base64.b64encode(log[-LOG_RESULT:]).decode()
        return answer

    def _tagged(self, call: ApiCall) -> Function:
        return self._store.find(Reference.of(call.params["Resource"], call.account, call.region))

    def _tag(self, call: ApiCall) -> Json:
        function = self._tagged(call)
        self._store.change(function, tags={**function.tags, **call.params["Tags"]})
        return {}

    def _untag(self, call: ApiCall) -> Json:
        function = self._tagged(call)
        gone = set(call.params["TagKeys"])
        self._store.change(
            function, tags={key: value for key, value in function.tags.items() if key not in gone}
        )
        return {}
