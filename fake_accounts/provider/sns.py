"""SNS: topics, their policies and subscriptions."""

from typing import ClassVar

from botocore.exceptions import ClientError

from fake_accounts.provider.resource import AwsResource, State, chosen_name
from fake_accounts.provider.schema import BOOL, JSON, POLICY, chosen, computed, optional, required
from fake_accounts.provider.tags import TagApi, as_list


class Topic(AwsResource):
    """`aws_sns_topic`."""

    type_name, service, identity = "sns_topic", "sns", "arn"
    _settings: ClassVar = {"display_name": "DisplayName", "kms_master_key_id": "KmsMasterKeyId"}
    attributes: ClassVar = [
        chosen("name", replace=True),
        *map(optional, _settings),
        computed("arn"),
        computed("owner"),
    ]
    tagging = TagApi("arn", "ResourceArn", read="list_tags_for_resource")

    def make(self, want: State) -> State:
        name = chosen_name(want, "name")
        settings = {member: want[attr] for attr, member in self._settings.items() if want[attr]}
        answer = self.aws.create_topic(Name=name, Attributes=settings, Tags=as_list(want["tags_all"]))
        return {"name": name, "arn": answer["TopicArn"], "owner": self._provider.account_id}

    def look(self, state: State) -> State:
        found = self.aws.get_topic_attributes(TopicArn=state["arn"])["Attributes"]
        settings = {attr: found.get(member) or None for attr, member in self._settings.items()}
        return {"name": state["arn"].rpartition(":")[2], "owner": found["Owner"], **settings}

    def change(self, state: State, want: State) -> None:
        for attr, member in self._settings.items():
            if state[attr] != want[attr]:
                self.aws.set_topic_attributes(
                    TopicArn=state["arn"], AttributeName=member, AttributeValue=want[attr] or ""
                )

    def remove(self, state: State) -> None:
        self.aws.delete_topic(TopicArn=state["arn"])


class TopicPolicy(AwsResource):
    """`aws_sns_topic_policy`. Without it a topic has SNS's default policy."""

    type_name, service, identity = "sns_topic_policy", "sns", "arn"
    attributes: ClassVar = [required("arn", replace=True), required("policy", POLICY), computed("owner")]

    def make(self, want: State) -> State:
        self._put(want["arn"], want["policy"])
        return {"owner": self._provider.account_id}

    def look(self, state: State) -> State:
        found = self.aws.get_topic_attributes(TopicArn=state["arn"])["Attributes"]
        return {"policy": POLICY.decode(found["Policy"]), "owner": found["Owner"]}

    def remove(self, state: State) -> None:
        self._put(state["arn"], _default_policy(state["arn"], self._provider.account_id))

    def _put(self, arn: str, policy: State) -> None:
        value = POLICY.encode(policy)
        self.aws.set_topic_attributes(TopicArn=arn, AttributeName="Policy", AttributeValue=value)


def _default_policy(topic: str, account_id: str) -> State:
    """The policy SNS gives a new topic."""
    actions = [
        "GetTopicAttributes", "SetTopicAttributes", "AddPermission", "RemovePermission",
        "DeleteTopic", "Subscribe", "ListSubscriptionsByTopic", "Publish",
    ]  # fmt: skip
    statement = {
        "Sid": "__default_statement_ID",
        "Effect": "Allow",
        "Principal": {"AWS": "*"},
        "Action": [f"SNS:{action}" for action in actions],
        "Resource": topic,
        "Condition": {"StringEquals": {"AWS:SourceOwner": account_id}},
    }
    return {"Version": "2008-10-17", "Id": "__default_policy_ID", "Statement": [statement]}


class TopicSubscription(AwsResource):
    """`aws_sns_topic_subscription`."""

    type_name, service, identity = "sns_topic_subscription", "sns", "arn"
    attributes: ClassVar = [
        required("topic_arn", replace=True),
        required("protocol", replace=True),
        required("endpoint", replace=True),
        optional("raw_message_delivery", BOOL, default=False),
        optional("filter_policy", JSON),
        computed("arn"),
        computed("owner_id"),
        computed("pending_confirmation", BOOL),
    ]

    def make(self, want: State) -> State:
        arn = self.aws.subscribe(
            TopicArn=want["topic_arn"],
            Protocol=want["protocol"],
            Endpoint=want["endpoint"],
            Attributes=_settings(want),
            ReturnSubscriptionArn=True,
        )["SubscriptionArn"]
        return self.look({**want, "arn": arn})

    def look(self, state: State) -> State:
        found = self.aws.get_subscription_attributes(SubscriptionArn=state["arn"])["Attributes"]
        return {
            "arn": state["arn"],
            "topic_arn": found["TopicArn"],
            "protocol": found["Protocol"],
            "endpoint": found["Endpoint"],
            "owner_id": found["Owner"],
            "raw_message_delivery": found.get("RawMessageDelivery") == "true",
            "filter_policy": JSON.decode(found.get("FilterPolicy")),
            "pending_confirmation": found.get("PendingConfirmation") == "true",
        }

    def change(self, state: State, want: State) -> None:
        before = _settings(state)
        for name, value in _settings(want).items():
            if before.get(name) != value:
                self.aws.set_subscription_attributes(
                    SubscriptionArn=state["arn"], AttributeName=name, AttributeValue=value
                )

    def remove(self, state: State) -> None:
        try:
            self.aws.unsubscribe(SubscriptionArn=state["arn"])
        except ClientError as error:
            # Nobody but its addressee can end a pending subscription; it goes with its topic.
            if "pending confirmation" not in str(error).lower():
                raise


def _settings(state: State) -> dict[str, str]:
    policy = {"FilterPolicy": JSON.encode(state["filter_policy"])} if state["filter_policy"] else {}
    return {"RawMessageDelivery": str(state["raw_message_delivery"]).lower(), **policy}


RESOURCES = [Topic, TopicPolicy, TopicSubscription]
