"""The platform's policies in scenarios: each can be taken away for a while, with AWS's own calls, and is put back."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import Any

from fake_accounts.accounts import load_accounts
from harness.iam.documents import parse
from harness.model import Json
from harness.scenario import Execution, World
from harness.usage import least_privilege, usage

# A trust policy cannot be empty: what is left of one trusts somebody who is not in this story.
NOBODY_HERE = {
    "Effect": "Allow",
    "Principal": {"Service": "ec2.amazonaws.com"},
    "Action": "sts:AssumeRole",
}


class Policies:
    """Where each policy is, and how it is taken away. Names are those that the explanations use."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._since = world.began

    def account(self, name: str) -> str:
        return load_accounts()[name].id

    def inline(self, account: str, role: str, name: str) -> AbstractContextManager[str]:
        iam = self._world.client(account, "iam")
        document = iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]

        def put() -> None:
            iam.put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=json.dumps(document))

        def take() -> None:
            iam.delete_role_policy(RoleName=role, PolicyName=name)

        return self._gone(f"{self.account(account)} role/{role} inline {name}", take, put)

    def managed(self, account: str, role: str, name: str) -> AbstractContextManager[str]:
        iam = self._world.client(account, "iam")
        given = {"RoleName": role, "PolicyArn": f"arn:aws:iam::aws:policy/{name}"}
        return self._gone(
            f"{self.account(account)} role/{role} AWS managed {name}",
            lambda: iam.detach_role_policy(**given),
            lambda: iam.attach_role_policy(**given),
        )

    @contextmanager
    def least_privilege(self, account: str, role: str) -> Iterator[None]:
        """The role without AWS's managed policies: in their place one inline policy, written from the runs so far,
        which grants what they alone granted."""
        iam, who = self._world.client(account, "iam"), f"{self.account(account)} role/{role}"
        attached = iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]
        uses = usage(self._world.records("call", "policy")).uses
        document = least_privilege(
            use for use in uses if use.who == who and use.only_by(f"{who} AWS managed ")
        )
        iam.put_role_policy(RoleName=role, PolicyName="least-privilege", PolicyDocument=json.dumps(document))
        with ExitStack() as stack:
            for policy in attached:
                stack.enter_context(self.managed(account, role, policy["PolicyName"]))
            self._world.show(f"in their place: {len(document['Statement'])} statements of least privilege")
            yield
        iam.delete_role_policy(RoleName=role, PolicyName="least-privilege")

    def trust(self, account: str, role: str, sid: str) -> AbstractContextManager[str]:
        """One statement of a role's trust policy."""
        iam = self._world.client(account, "iam")
        document = iam.get_role(RoleName=role)["Role"]["AssumeRolePolicyDocument"]

        def put(policy: Json) -> None:
            iam.update_assume_role_policy(RoleName=role, PolicyDocument=json.dumps(policy))

        return self._cut(f"{self.account(account)} role/{role} trust", document, sid, put)

    def key(self, account: str, alias: str, sid: str) -> AbstractContextManager[str]:
        """One statement of a key policy."""
        kms = self._world.client(account, "kms")
        key = kms.describe_key(KeyId=alias)["KeyMetadata"]["KeyId"]
        document = json.loads(kms.get_key_policy(KeyId=key, PolicyName="default")["Policy"])

        def put(policy: Json) -> None:
            kms.put_key_policy(KeyId=key, PolicyName="default", Policy=json.dumps(policy))

        return self._cut(f"{self.account(account)} key {alias} policy", document, sid, put)

    def bucket(self, account: str, bucket: str) -> AbstractContextManager[str]:
        s3 = self._world.client(account, "s3")
        document = s3.get_bucket_policy(Bucket=bucket)["Policy"]
        return self._gone(
            f"{self.account(account)} bucket {bucket} policy",
            lambda: s3.delete_bucket_policy(Bucket=bucket),
            lambda: s3.put_bucket_policy(Bucket=bucket, Policy=document),
        )

    def group(self, account: str, group: str) -> AbstractContextManager[str]:
        """A model package group's resource policy."""
        sagemaker = self._world.client(account, "sagemaker")
        given = {"ModelPackageGroupName": group}
        document = sagemaker.get_model_package_group_policy(**given)["ResourcePolicy"]
        return self._gone(
            f"{self.account(account)} model-package-group {group} policy",
            lambda: sagemaker.delete_model_package_group_policy(**given),
            lambda: sagemaker.put_model_package_group_policy(**given, ResourcePolicy=document),
        )

    def topic(self, account: str, topic: str) -> AbstractContextManager[str]:
        """A topic always has a policy: it is left with one that lets only its own account publish."""
        sns, owner = self._world.client(account, "sns"), self.account(account)
        arn = f"arn:aws:sns:us-east-1:{owner}:{topic}"
        document = sns.get_topic_attributes(TopicArn=arn)["Attributes"]["Policy"]
        own = {"Effect": "Allow", "Principal": {"AWS": owner}, "Action": "sns:Publish", "Resource": arn}

        def put(policy: str) -> None:
            sns.set_topic_attributes(TopicArn=arn, AttributeName="Policy", AttributeValue=policy)

        return self._gone(
            f"{owner} topic {topic} policy",
            lambda: put(json.dumps({"Version": "2012-10-17", "Statement": [own]})),
            lambda: put(document),
        )

    def _cut(
        self, name: str, document: Json, sid: str, put: Callable[[Json], None]
    ) -> AbstractContextManager[str]:
        kept = [s for s in document["Statement"] if s.get("Sid") != sid] or [NOBODY_HERE]
        sids = [str(s.get("Sid")) for s in document["Statement"]]
        self._world.expect(sid in sids, f"{name} to have a statement {sid}", f"it has {', '.join(sids)}")
        return self._gone(
            name, lambda: put({**document, "Statement": kept}), lambda: put(document), f"#{sid}"
        )

    @contextmanager
    def _gone(
        self, name: str, take: Callable[[], Any], put_back: Callable[[], Any], part: str = ""
    ) -> Iterator[str]:
        take()
        self._since = self._world.harness.status()["records"]
        self._world.show(f"taken away: {name}{part}")
        try:
            yield name
        finally:
            put_back()
            self._world.show("put back")

    # Evidence

    def expect_no_blanket_grant(self) -> None:
        """That no statement in the accounts allows `*` on `*`; AWS's own managed policies are as AWS wrote them."""
        written = {r["name"]: r["document"] for r in self._world.records("policy") if r["document"]}
        blanket = [
            name
            for name, document in written.items()
            for statement in parse(json.dumps(document)).statements
            if statement.allows and "*" in statement.actions and "*" in statement.resources
        ]
        self._world.expect(
            not blanket, "no statement to allow * on *", f"there is one in {', '.join(blanket)}"
        )
        self._world.show(f"{len(written)} policies beside AWS's managed ones; none allows * on *")

    def expect_refused(self, action: str, policy: str = "", role: str = "") -> Json:
        """That the action was refused (to the role) since a policy was last taken away, and that the lesson names the
        policy. Answers the lesson."""
        refused = self._world.refused(after=self._since)
        found = [r for r in refused if r["action"] == action and role in (r["role"] or r["principal"])]
        seen = "; ".join(f"{r['action']} to {r['principal']}" for r in refused) or "nothing was"
        self._world.expect(found, f"{action} to be refused to {role or 'somebody'}", f"refused: {seen}")
        lesson = found[0]
        named = [p["policy"] for p in lesson["policies"]] + [c["where"] for c in lesson["changes"]]
        self._world.expect(
            not policy or any(policy in name for name in named),
            f"the explanation to name {policy}",
            f"it names {', '.join(named)}",
        )
        self._world.show(f"refused: {lesson['principal']} {action} {lesson['cause']}")
        for change in lesson["changes"]:
            self._world.show(f"  {change['where']}: {change['what']}")
        return lesson

    def expect_step_failed(self, execution: Execution, step: str) -> None:
        """That the execution failed at this step for want of a permission."""
        failed = execution.failed_step or {}
        name, reason = failed.get("StepName", "no step"), failed.get("FailureReason", "")
        self._world.expect(
            name.startswith(step), f"the run to fail at {step}", f"it failed at {name}: {reason}", execution
        )
        self._world.expect(
            "AccessDenied" in reason or "not authorized" in reason,
            f"{step} to fail with AccessDenied",
            f"it failed with {reason}",
            execution,
        )
