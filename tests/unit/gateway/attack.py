"""A harness of two accounts in this process, and requests as nobody's SDK would write them: signed all the same."""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from botocore.auth import S3SigV4Auth, S3SigV4QueryAuth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as BotocoreCredentials

from harness.app import App
from harness.clock import Clock
from harness.model import Credentials, HttpRequest, HttpResponse, Json

HOME, AWAY, REGION = "111122223333", "444455556666", "us-east-1"
HOST = "127.0.0.1:4599"
ROOT = {
    HOME: Credentials("AKIAADMINISTRATOR0001", "a secret"),
    AWAY: Credentials("AKIAADMINISTRATOR0002", "another"),
}


class Accounts:
    """`admin` may do everything in HOME, `stranger` in AWAY."""

    admin, stranger = ROOT[HOME], ROOT[AWAY]

    def __init__(self, folder: Path) -> None:
        self.app = App(folder, Clock(), f"http://{HOST}", lambda _: None)
        self.app.add_administrators(ROOT.items())

    def send(
        self,
        who: Credentials | None,
        service: str,
        method: str = "POST",
        path: str = "/",
        query: str = "",
        body: bytes | str = b"",
        region: str = REGION,
        **headers: str,
    ) -> HttpResponse:
        """Header names are written with `_` for `-`."""
        plain = body.encode() if isinstance(body, str) else body
        named = {"host": HOST, **{name.replace("_", "-"): value for name, value in headers.items()}}
        url = f"http://{named['host']}{path}" + (f"?{query}" if query else "")
        request = AWSRequest(method, url, headers=named, data=plain)
        if who:
            signer = S3SigV4Auth if service == "s3" else SigV4Auth
            signer(_botocores(who), service, region).add_auth(request)
        lower = {name.lower(): value for name, value in request.headers.items()}
        return self.app.handle(HttpRequest(method, path, query, lower, plain))

    def json(self, who: Credentials, service: str, target: str, params: Any, **more: Any) -> HttpResponse:
        body = params if isinstance(params, (str, bytes)) else json.dumps(params)
        kind = {"content_type": "application/x-amz-json-1.1", "x_amz_target": target}
        return self.send(who, service, body=body, **kind, **more)

    def form(self, who: Credentials, service: str, action: str, **params: str) -> HttpResponse:
        body = urlencode({"Action": action, "Version": "2010-05-08", **params})
        return self.send(who, service, body=body, content_type="application/x-www-form-urlencoded")

    def presigned(self, who: Credentials, method: str, path: str, expires: object = 60) -> str:
        """The query of a presigned URL."""
        request = AWSRequest(method, f"http://{HOST}{path}")
        S3SigV4QueryAuth(_botocores(who), "s3", REGION, expires=expires).add_auth(request)
        return urlsplit(request.url).query

    def by_url(self, method: str, path: str, query: str, body: bytes = b"", **headers: str) -> HttpResponse:
        named = {"host": HOST, **{name.replace("_", "-"): value for name, value in headers.items()}}
        return self.app.handle(HttpRequest(method, path, query, named, body))

    def user(self, name: str, *statements: Json) -> Credentials:
        """A new user of HOME who may do what the statements say."""
        self.form(self.admin, "iam", "CreateUser", UserName=name)
        if statements:
            policy = json.dumps({"Version": "2012-10-17", "Statement": statements})
            put = self.form(
                self.admin, "iam", "PutUserPolicy", UserName=name, PolicyName="p", PolicyDocument=policy
            )
            assert put.status == 200, put.body
        made = self.form(self.admin, "iam", "CreateAccessKey", UserName=name).body.decode()
        return Credentials(_in(made, "AccessKeyId"), _in(made, "SecretAccessKey"))

    def key(self, who: Credentials) -> str:
        """The id of a new KMS key."""
        made: str = told(self.json(who, "kms", "TrentService.CreateKey", {}))["KeyMetadata"]["KeyId"]
        return made

    def sealed(self, who: Credentials, key: str) -> str:
        """A ciphertext of "hush", base64."""
        params = {"KeyId": key, "Plaintext": base64.b64encode(b"hush").decode()}
        made: str = told(self.json(who, "kms", "TrentService.Encrypt", params))["CiphertextBlob"]
        return made


def allow(*actions: str, on: str | list[str] = "*") -> Json:
    return {"Effect": "Allow", "Action": list(actions), "Resource": on}


def deny(*actions: str, on: str | list[str] = "*") -> Json:
    return {**allow(*actions, on=on), "Effect": "Deny"}


def told(response: HttpResponse) -> Json:
    assert response.status == 200, response.body
    answer: Json = json.loads(response.body)
    return answer


def code(response: HttpResponse) -> str:
    """Of an error; empty for a success."""
    if response.status < 400:
        return ""
    text = response.body.decode()
    return _in(text, "Code") if text.startswith("<") else json.loads(text).get("__type", "")


def _in(xml: str, element: str) -> str:
    found = re.search(f"<{element}>(.*?)</", xml)
    assert found, xml
    return found[1].replace("&amp;", "&")


def _botocores(who: Credentials) -> BotocoreCredentials:
    return BotocoreCredentials(who.access_key, who.secret_key, who.session_token or None)
