"""What a run made of its policies: which statements were used, which never were, and what each role really needs."""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from harness.iam.documents import parse
from harness.iam.names import identity_of
from harness.model import Json

# A statement is named `POLICY#SID`; a policy that AWS manages counts as one, `POLICY`: nobody can take it apart.
Ref = str

_HOLDER = re.compile(r"\d+ (?:policies of logs in \S+|\S+/\S+|\S+ \S+)")


@dataclass(frozen=True)
class Use:
    """Something that a principal did, `times` times: an action on a resource, and what allowed it.

    `by` has, for every side that had to allow, the statements that did; any one of a side's would have been enough.
    """

    who: str
    action: str
    resource: str
    conditions: tuple[tuple[str, str], ...]
    by: tuple[tuple[Ref, ...], ...]
    times: int

    def only_by(self, policies: str) -> bool:
        """Whether, for some side, only policies whose names begin so allowed it."""
        return any(all(ref.startswith(policies) for ref in side) for side in self.by)


@dataclass(frozen=True)
class Statement:
    """A statement, or a policy of AWS's, and what came of it in a run.

    `used` counts the calls that it allowed, `needed` those that nothing else would have; `others` are statements that
    allowed the same where it was not needed.
    """

    ref: Ref
    effect: str
    used: int = 0
    needed: int = 0
    others: tuple[Ref, ...] = ()

    @property
    def policy(self) -> str:
        return self.ref.partition("#")[0]

    @property
    def label(self) -> str:
        """Its Sid or number in the policy; empty for a policy of AWS's."""
        return self.ref.partition("#")[2]

    @property
    def holder(self) -> str:
        """What the policy is on: `444455556666 role/x`, `444455556666 key alias/data`."""
        found = _HOLDER.match(self.policy)
        return found[0] if found else self.policy

    def row(self) -> Json:
        return {
            "statement": self.ref,
            "policy": self.policy,
            "label": self.label,
            "effect": self.effect,
            "used": self.used,
            "needed": self.needed,
            "others": list(self.others),
        }


@dataclass(frozen=True)
class Usage:
    statements: tuple[Statement, ...]
    uses: tuple[Use, ...] = field(repr=False)

    @property
    def roles(self) -> list[str]:
        """Every role that has a policy or did something: `444455556666 role/x`."""
        named = {" ".join(s.policy.split(" ")[:2]) for s in self.statements}
        return sorted({name for name in (*named, *(use.who for use in self.uses)) if " role/" in name})


def usage(records: Iterable[Json]) -> Usage:
    """From a journal's records of kinds `call` and `policy`."""
    records = list(records)
    names = _names(records)
    uses = _uses(records, names)
    return Usage(tuple(_statements(dict(_units(records, names)), uses)), uses)


def least_privilege(uses: Iterable[Use]) -> Json:
    """A policy document that grants these uses and nothing else, but for what differs from run to run: names of jobs,
    versions, the objects under a prefix. Without uses it has no statement."""
    wanted: dict[tuple[str, tuple[tuple[str, str], ...]], set[str]] = defaultdict(set)
    for use in uses:
        wanted[use.action, use.conditions].add(generalised(use.resource))
    grouped: dict[tuple[tuple[str, ...], tuple[tuple[str, str], ...]], list[str]] = defaultdict(list)
    for (action, conditions), resources in wanted.items():
        grouped[tuple(_fewest(resources)), conditions].append(action)
    statements = [
        {
            "Effect": "Allow",
            "Action": sorted(actions),
            "Resource": list(resources),
            **({"Condition": _condition(conditions)} if conditions else {}),
        }
        for (resources, conditions), actions in grouped.items()
    ]
    return {"Version": "2012-10-17", "Statement": sorted(statements, key=json.dumps)}


def _condition(wanted: Iterable[tuple[str, str]]) -> Json:
    found: dict[str, dict[str, str]] = defaultdict(dict)
    for key, value in wanted:
        found["Bool" if key == "kms:GrantIsForAWSResource" else "StringEquals"][key] = value
    return dict(found)


# Names that pipelines, jobs and log streams get by chance, and versions, which are counted on.
_JOBS = re.compile(r"(:sagemaker:[^:]*:[^:]*:(?:processing-job|training-job|transform-job|model)/).*")
_EXECUTION = re.compile(r"(:pipeline/[^/]+/execution/).*")
_VERSION = re.compile(r"(:model-package/[^/]+/).*")
_STREAM = re.compile(r"(:log-group:[^:]+:).*")
_OBJECT = re.compile(r"(arn:aws:s3:::[^/]+/[^/]+/).*")


def generalised(resource: str) -> str:
    """The resource as a policy would name it, so that the next run is allowed as this one was."""
    for pattern in (_JOBS, _EXECUTION, _VERSION, _STREAM, _OBJECT):
        if pattern.search(resource):
            return pattern.sub(r"\1*", resource)
    return resource


def _fewest(resources: set[str]) -> list[str]:
    """Without those that another one covers."""
    return sorted(
        r
        for r in resources
        if not any(o != r and o.endswith("*") and r.startswith(o[:-1]) for o in resources)
    )


# A use without its count.
_Kind = tuple[str, str, str, tuple[tuple[str, str], ...], tuple[tuple[Ref, ...], ...]]


def _uses(records: list[Json], name_of: Mapping[str, str]) -> tuple[Use, ...]:
    counted: Counter[_Kind] = Counter()
    for record in records:
        if record["kind"] == "call" and record["decision"] == "allowed":
            for used in record["permissions"]:
                conditions = tuple(sorted(used["conditions"].items()))
                by = tuple(tuple(_renamed(ref, name_of) for ref in side) for side in used["by"])
                counted[
                    identity_of(record["identity"]), used["action"], used["resource"], conditions, by
                ] += 1
    return tuple(Use(*kind, times) for kind, times in counted.items())


def _names(records: list[Json]) -> dict[str, str]:
    """Each name that a policy has had, with its last one: a key's policy is told by the key's id until there is an
    alias."""
    last = {r["place"]: r["name"] for r in records if r["kind"] == "policy"}
    return {r["name"]: last[r["place"]] for r in records if r["kind"] == "policy"}


def _renamed(ref: Ref, name_of: Mapping[str, str]) -> Ref:
    policy, _, label = ref.partition("#")
    return f"{name_of.get(policy, policy)}#{label}"


def _statements(units: dict[Ref, str], uses: tuple[Use, ...]) -> Iterator[Statement]:
    used, needed = Counter[Ref](), Counter[Ref]()
    others: dict[Ref, Counter[Ref]] = defaultdict(Counter)
    for use in uses:
        for side in use.by:
            allowed = {_unit(ref, units) for ref in side}
            for ref in allowed:
                used[ref] += use.times
                if len(allowed) == 1:
                    needed[ref] += use.times
                others[ref].update(allowed - {ref})
    for ref, effect in units.items():
        shared = tuple(other for other, _ in others[ref].most_common())
        yield Statement(ref, effect, used[ref], needed[ref], shared)


# The Sid of what a topic or queue has until somebody gives it a policy.
_DEFAULT = "__default_statement_ID"


def _units(records: list[Json], name_of: Mapping[str, str]) -> Iterator[tuple[Ref, str]]:
    """Every statement that there was at some time, but for AWS's own defaults; its effect."""
    for record in records:
        if record["kind"] != "policy":
            continue
        name, document = name_of[record["name"]], record["document"]
        if not document:
            yield name, "Allow"
            continue
        for statement in parse(json.dumps(document)).statements:
            if statement.sid != _DEFAULT:
                yield f"{name}#{statement.label}", statement.effect


def _unit(ref: Ref, units: dict[Ref, str]) -> Ref:
    """A statement of AWS's policy counts as the policy."""
    policy = ref.partition("#")[0]
    return policy if policy in units else ref
