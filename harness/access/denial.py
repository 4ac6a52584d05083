"""The lesson of a denial: who wanted what, which policies were read, what each said, what would allow it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from itertools import groupby

from harness.access.refusal import cause
from harness.iam.advice import advise
from harness.iam.explaining import explain
from harness.iam.model import Policies, Request, Verdict
from harness.iam.words import some
from harness.model import ApiCall, Json, Permission


def denial(
    call: ApiCall, permission: Permission, request: Request, policies: Policies, verdict: Verdict
) -> Json:
    """The lesson as JSON.

    `principal` as people say it and its `role`, if any; `account` is the caller's, `owner` the resource's; `call`
    (`s3:PutObject`) needs `action` on `resource`, and `why` tells of an action behind the call's own; `cause` is AWS's
    reason; `policies` (policy, kind, says, why) are those that were read, `changes` (where, what, statement) would
    allow it.
    """
    return {
        "principal": call.principal.name,
        "role": call.principal.role_arn,
        "account": call.principal.account,
        "call": f"{call.service}:{call.operation}",
        "action": request.action,
        "resource": request.resource,
        "owner": request.owner,
        "why": permission.why,
        "cause": cause(request, policies, verdict),
        "policies": [
            {"policy": _told(f.kind, f.policy), "kind": f.kind, "says": f.says, "why": f.why}
            for f in explain(request, policies, verdict)
        ],
        "changes": [
            {"where": _told(c.kind, c.where), "what": c.what, "statement": c.statement}
            for c in advise(request, policies, verdict)
        ],
    }


def _told(kind: str, name: str) -> str:
    """Service control policies have names of their own; the others' say what they are."""
    return f"SCP {name}" if kind == "scp" else name


def lines(lesson: Json, decision: str = "denied") -> list[str]:
    """The lesson for people: what was denied, and indented why, what was read, what would allow it. Policies that said
    the same are one line; the caller's own are told without its name. Names may have any characters: what would end a
    line or command a terminal is spelled out."""
    told = [f"{decision}: {_what(lesson)}", *(f"    {line}" for line in _because(lesson))]
    return [_printable(line) for line in told]


def _printable(line: str) -> str:
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in line)


def _what(lesson: Json) -> str:
    return f"{_who(lesson)} {lesson['action']} on {lesson['resource']}"


def _who(lesson: Json) -> str:
    """`444455556666 role/x (session s)`, `444455556666 user/ann`; services and the anonymous are of no account."""
    name = str(lesson["principal"])
    if name == "anonymous" or (name.endswith(".amazonaws.com") and "/" not in name):
        return name
    session = f" (session {name.rsplit('/', 1)[-1]})" if lesson["role"] else ""
    return f"{lesson['account']} {_identity(lesson)}{session}"


def _because(lesson: Json) -> Iterator[str]:
    yield lesson["cause"]
    if lesson["why"] or lesson["call"] != lesson["action"]:
        yield f"for {lesson['call']} {lesson['why']}".rstrip()
    own = f"{lesson['account']} {_identity(lesson)} "
    for (says, why, _), alike in groupby(lesson["policies"], _alike):
        yield f"read: {some(tuple(read['policy'].removeprefix(own) for read in alike))}: {says}: {why}"
    for change in lesson["changes"]:
        where = change["where"].removeprefix(own)
        new = where == "inline policy"
        yield f"change: {f'a new inline policy of {_identity(lesson)}' if new else where}: {change['what']}"
        if change["statement"]:
            yield f"    {json.dumps(change['statement'])}"


def _alike(read: Json) -> tuple[str, str, bool]:
    """SCPs are another matter than the account's own policies."""
    return read["says"], read["why"], read["kind"] == "scp"


def _identity(lesson: Json) -> str:
    """Whose policies the caller's own are, as their names begin: `role/x`."""
    return str(lesson["role"].split(":", 5)[-1] or lesson["principal"])


def distinct(records: Iterable[Json]) -> list[tuple[Json, int]]:
    """The call records with a lesson, each lesson once, at its first time, with how often it was taught."""
    groups: dict[tuple[str, ...], list[Json]] = {}
    for record in records:
        if record.get("denial"):
            groups.setdefault(_same(record), []).append(record)
    return [(group[0], len(group)) for group in groups.values()]


def _same(record: Json) -> tuple[str, ...]:
    """Sessions of a role are one caller."""
    lesson = record["denial"]
    caller = lesson["role"] or lesson["principal"]
    told = (lesson[name] for name in ("account", "call", "action", "resource", "cause"))
    return (record["decision"], caller, *told)
