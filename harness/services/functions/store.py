"""What the Lambda service keeps: functions, their versions, their code."""

from __future__ import annotations

import base64
import hashlib
import io
import re
import shutil
import tempfile
import threading
import uuid
import zipfile
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from harness.model import AwsError, Json

LATEST = "$LATEST"
_NAME = re.compile(
    r"(?:arn:aws:lambda:(?P<region>[a-z0-9-]+):)?(?:(?P<account>\d{12}):)?(?:function:)?"
    r"(?P<name>[\w-]{1,64})(?::(?P<qualifier>\$LATEST|[\w-]+))?"
)


@dataclass(frozen=True)
class Reference:
    """A function as a request names it: by name, partial ARN or ARN, with a qualifier or without."""

    account: str
    region: str
    name: str
    qualifier: str

    @classmethod
    def of(cls, text: str, account: str, region: str, qualifier: str = "") -> Reference:
        match = _NAME.fullmatch(text)
        if not match:
            raise invalid(f"The function name {text!r} is not a name, a partial ARN or an ARN of a function")
        if match["region"] and match["region"] != region:
            raise not_found(
                f"Functions from '{match['region']}' are not reachable in this region ('{region}')"
            )
        return cls(
            match["account"] or account, region, match["name"], qualifier or match["qualifier"] or LATEST
        )

    @property
    def arn(self) -> str:
        """Of the function, without the qualifier."""
        return f"arn:aws:lambda:{self.region}:{self.account}:function:{self.name}"


@dataclass(frozen=True)
class Code:
    """A deployment package, unpacked at `folder`."""

    sha256: str
    size: int
    folder: Path


@dataclass(frozen=True)
class Function:
    """A function, or one of its versions. `settings` has what requests set, defaults filled in."""

    reference: Reference
    settings: Json
    code: Code
    modified: datetime
    revision: str = field(default_factory=lambda: str(uuid.uuid4()))
    version: str = LATEST
    tags: dict[str, str] = field(default_factory=dict)
    policy: tuple[Json, ...] = ()
    versions: tuple[Function, ...] = ()

    @property
    def arn(self) -> str:
        return self.reference.arn if self.version == LATEST else f"{self.reference.arn}:{self.version}"

    @property
    def log_group(self) -> str:
        group: str = self.settings["LoggingConfig"]["LogGroup"]
        return group

    @property
    def log_stream(self) -> str:
        """One per revision, as on AWS one per sandbox, which does not outlive its revision either."""
        return f"{self.modified:%Y/%m/%d}/[{self.version}]{self.revision.replace('-', '')}"

    def configuration(self) -> Json:
        """FunctionConfiguration."""
        return {
            **self.settings,
            "FunctionName": self.reference.name,
            "FunctionArn": self.arn,
            "CodeSize": self.code.size,
            "CodeSha256": self.code.sha256,
            "LastModified": self.modified.isoformat(timespec="milliseconds").replace("+00:00", "+0000"),
            "Version": self.version,
            "RevisionId": self.revision,
            "State": "Active",
            "LastUpdateStatus": "Successful",
        }  # fmt: skip


class Store:
    """All functions of all accounts and regions. Each change replaces a function by a new one."""

    def __init__(self) -> None:
        self._functions: dict[str, Function] = {}
        self._lock = threading.Lock()

    def add(self, function: Function) -> None:
        with self._lock:
            if function.reference.arn in self._functions:
                raise AwsError(
                    "ResourceConflictException",
                    f"Function already exist: {function.reference.name}",
                    409,
                    Type="User",
                )
            self._functions[function.reference.arn] = function

    def find(self, reference: Reference) -> Function:
        """The function or, with a number as qualifier, that version of it."""
        with self._lock:
            function = self._functions.get(reference.arn)
        if function and reference.qualifier != LATEST:
            function = next((v for v in function.versions if v.version == reference.qualifier), None)
        if function is None:
            suffix = "" if reference.qualifier == LATEST else f":{reference.qualifier}"
            raise not_found(f"Function not found: {reference.arn}{suffix}")
        return function

    def change(self, function: Function, **changes: object) -> Function:
        """ResourceConflictException where somebody else changed it since it was read."""
        changed: Function = replace(function, **changes)  # type: ignore[arg-type]
        with self._lock:
            if self._functions.get(function.reference.arn) is not function:
                raise AwsError(
                    "ResourceConflictException",
                    f"The operation cannot be performed at this time. An update is in progress for resource: "
                    f"{function.arn}",
                    409,
                )
            self._functions[function.reference.arn] = changed
        return changed

    def remove(self, reference: Reference) -> None:
        self.find(replace(reference, qualifier=LATEST))
        with self._lock:
            self._functions.pop(reference.arn, None)

    def all(self) -> list[Function]:
        with self._lock:
            return list(self._functions.values())

    def of(self, account: str, region: str) -> list[Function]:
        mine = [
            function
            for function in self.all()
            if (function.reference.account, function.reference.region) == (account, region)
        ]
        return sorted(mine, key=lambda function: function.reference.name)


def unpack_code(package: bytes, folder: Path) -> Code:
    """The code of a zip file, unpacked below `folder` under its own hash."""
    digest = hashlib.sha256(package)
    target = folder / digest.hexdigest()
    try:
        with zipfile.ZipFile(io.BytesIO(package)) as archive:
            if not target.exists():
                # Whole or not at all: another call may bring the same package at this moment.
                part = Path(tempfile.mkdtemp(dir=folder))
                archive.extractall(part)
                try:
                    part.rename(target)
                except OSError:
                    shutil.rmtree(part)
    except (zipfile.BadZipFile, OSError) as error:
        raise invalid(
            "Could not unzip uploaded file. Please check your file, then try to upload again."
        ) from error
    return Code(base64.b64encode(digest.digest()).decode(), len(package), target)


def invalid(message: str) -> AwsError:
    return AwsError("InvalidParameterValueException", message, 400, Type="User")


def not_found(message: str) -> AwsError:
    return AwsError("ResourceNotFoundException", message, 404, Type="User")
