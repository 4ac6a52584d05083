"""The journal's records, put together into what they tell."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from harness.model import Json
from harness.report import calls
from harness.report.deliveries import counts_of, deliveries_of, happenings_of
from harness.report.facts import Change, Invocation, Mail, Run, Story, Version
from harness.report.runs import Kinds, runs_of, time_of
from harness.report.words import account_of, tail

_REGISTRY_CALLS = ("CreateModelPackage", "UpdateModelPackage", "DeleteModelPackage")


def collect(records: list[Json]) -> Story:
    kinds: Kinds = {}
    for record in records:
        kinds.setdefault(record["kind"], []).append(record)
    called, events = kinds.get("call", []), kinds.get("event", [])
    authors = calls.Authors(called)
    invocations = tuple(_invocation(r) for r in kinds.get("invoke", []))
    mails = tuple(_mail(r) for r in kinds.get("mail", []))
    runs = runs_of(kinds, invocations)
    deliveries = deliveries_of(kinds.get("delivery", []), happenings_of(events, runs), runs, mails)
    by_call = {run.number: authors.of(run.n, "StartPipelineExecution") for run in runs}
    by_rule = {one.run: f"rule {tail(one.rule)}" for one in deliveries if one.run}
    return Story(
        began=time_of(records[0]) if records else None,
        ended=time_of(records[-1]) if records else None,
        runs=tuple(replace(run, by=by_rule.get(run.number) or by_call[run.number]) for run in runs),
        versions=tuple(_versions(kinds.get("package", []), runs, authors)),
        deliveries=tuple(deliveries),
        events=tuple(counts_of(events, deliveries)),
        invocations=invocations,
        mails=mails,
        refusals=tuple(calls.refusals(called)),
        tally=calls.tally(called),
        jumps=tuple(datetime.fromisoformat(r["to"]) for r in kinds.get("clock", [])),
    )


def _versions(packages: list[Json], runs: list[Run], authors: calls.Authors) -> Iterator[Version]:
    changes: dict[str, list[Json]] = {}
    for record in packages:
        changes.setdefault(record["arn"], []).append(record)
    for arn, records in changes.items():
        named = [
            (run.number, step.type) for run in runs for step in run.steps if arn in dict(step.facts).values()
        ]
        yield Version(
            arn=arn,
            account=records[0]["account"],
            changes=tuple(
                Change(r["n"], time_of(r), r["status"], authors.of(r["n"], *_REGISTRY_CALLS)) for r in records
            ),
            registered_by=next((number for number, kind in named if kind == "RegisterModel"), None),
            used_by=tuple(dict.fromkeys(number for number, kind in named if kind != "RegisterModel")),
        )


def _invocation(r: Json) -> Invocation:
    return Invocation(
        r["n"], time_of(r), r["function"], r["account"], r["status"], r["reason"], tuple(r["log_tail"])
    )


def _mail(r: Json) -> Mail:
    return Mail(r["n"], time_of(r), r["to"], r["subject"], r["topic"], account_of(r["topic"]))
