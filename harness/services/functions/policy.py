"""A function's resource policy: who may invoke it besides its own account's roles."""

from __future__ import annotations

import json
import re

from harness.model import ApiCall, AwsError, Json
from harness.services.functions.store import Function, Store, not_found


def add_permission(store: Store, function: Function, call: ApiCall) -> Json:
    statement = _statement(function, call.params)
    if any(known["Sid"] == statement["Sid"] for known in function.policy):
        raise AwsError(
            "ResourceConflictException",
            f"The statement id ({statement['Sid']}) provided already exists. Please provide a new statement "
            "id, or remove the existing statement.",
            409,
        )
    store.change(function, policy=(*function.policy, statement))
    return {"Statement": json.dumps(statement)}


def remove_permission(store: Store, function: Function, call: ApiCall) -> Json:
    sid = call.params["StatementId"]
    if all(known["Sid"] != sid for known in function.policy):
        raise not_found(f"Statement {sid} is not found in resource policy.")
    store.change(function, policy=tuple(known for known in function.policy if known["Sid"] != sid))
    return {}


def get_policy(function: Function) -> Json:
    document = policy_document(function)
    if document is None:
        raise not_found("The resource you requested does not exist.")
    return {"Policy": document, "RevisionId": function.revision}


def policy_document(function: Function) -> str | None:
    """The policy as JSON; None when nobody was given a permission."""
    if not function.policy:
        return None
    return json.dumps({"Version": "2012-10-17", "Id": "default", "Statement": list(function.policy)})


def _statement(function: Function, params: Json) -> Json:
    conditions: Json = {}
    if "SourceArn" in params:
        conditions["ArnLike"] = {"AWS:SourceArn": params["SourceArn"]}
    equals = {
        "AWS:SourceAccount": params.get("SourceAccount"),
        "aws:PrincipalOrgID": params.get("PrincipalOrgID"),
        "lambda:EventSourceToken": params.get("EventSourceToken"),
        "lambda:FunctionUrlAuthType": params.get("FunctionUrlAuthType"),
    }
    if given := {key: value for key, value in equals.items() if value}:
        conditions["StringEquals"] = given
    statement = {
        "Sid": params["StatementId"],
        "Effect": "Allow",
        "Principal": _principal(params["Principal"]),
        "Action": params["Action"],
        "Resource": function.arn,
    }
    return {**statement, "Condition": conditions} if conditions else statement


def _principal(given: str) -> object:
    if given == "*":
        return "*"
    if re.fullmatch(r"\d{12}", given):
        return {"AWS": f"arn:aws:iam::{given}:root"}
    return {"AWS": given} if given.startswith("arn:") else {"Service": given}
