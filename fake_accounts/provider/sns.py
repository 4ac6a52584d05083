"""SNS: topics, their policies and subscriptions."""

from typing import ClassVar

from botocore.exceptions import ClientError
from tf.types import Unknown

from fake_accounts.provider.naming import Naming
from fake_accounts.provider.resource import AwsResource, State, given
from fake_accounts.provider.schema import BOOL, JSON, NUMBER, POLICY, chosen, computed, optional, required
from fake_accounts.provider.tags import TagApi, as_list


class Topic(AwsResource):
    """`aws_sns_topic`, standard ones."""

    type_name, service, identity, naming = "sns_topic", "sns", "arn", Naming()
    _settings: ClassVar = {
        "display_name": "DisplayName",
        "kms_master_key_id": "KmsMasterKeyId",
        "delivery_policy": "DeliveryPolicy",
        "policy": "Policy",
    }
    attributes: ClassVar = [
        optional("display_name"),
        optional("kms_master_key_id"),
        optional("delivery_policy", JSON),
        chosen("policy", POLICY),
        computed("arn"),
        computed("owner"),
    ]
    tagging = TagApi("arn", "ResourceArn", read="list_tags_for_resource")

    def make(self, want: State) -> State:
        answer = self.aws.create_topic(
            Name=want["name"], Attributes=self._to_wire(want), Tags=as_list(want["tags_all"])
        )
        return {"arn": answer["TopicArn"], "owner": self._provider.session.account_id}

    def look(self, state: State) -> State:
        found = self.aws.get_topic_attributes(TopicArn=state["arn"])["Attributes"]
        settings = {attr: found.get(member) for attr, member in self._settings.items()}
        decoded = {attr: type_.decode(settings[attr]) for attr, type_ in _DOCUMENTS.items()}
        name = state["arn"].rpartition(":")[2]
        return {"name": name, "arn": state["arn"], "owner": found["Owner"], **settings, **decoded}

    def change(self, state: State, want: State) -> None:
        before, after = self._to_wire(state), self._to_wire(want)
        for member in self._settings.values():
            if before.get(member) != (value := after.get(member)):
                self.aws.set_topic_attributes(
                    TopicArn=state["arn"], AttributeName=member, AttributeValue=value or ""
                )

    def remove(self, state: State) -> None:
        self.aws.delete_topic(TopicArn=state["arn"])

    def _to_wire(self, state: State) -> dict[str, str]:
        written = {**state, **{attr: type_.encode(state[attr]) for attr, type_ in _DOCUMENTS.items()}}
        return given(written, **{member: attr for attr, member in self._settings.items()})


_DOCUMENTS = {"delivery_policy": JSON, "policy": POLICY}


class TopicPolicy(AwsResource):
    """`aws_sns_topic_policy`. Without it a topic has SNS's default policy."""

    type_name, service, identity = "sns_topic_policy", "sns", "arn"
    attributes: ClassVar = [required("arn", replace=True), required("policy", POLICY), computed("owner")]

    def make(self, want: State) -> State:
        self._put(want["arn"], want["policy"])
        return {"owner": self._provider.session.account_id}

    def look(self, state: State) -> State:
        found = self.aws.get_topic_attributes(TopicArn=state["arn"])["Attributes"]
        return {"policy": POLICY.decode(found["Policy"]), "owner": found["Owner"]}

    def remove(self, state: State) -> None:
        self._put(state["arn"], _default_policy(state["arn"], self._provider.session.account_id))

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
        optional("endpoint_auto_confirms", BOOL, default=False),
        optional("confirmation_timeout_in_minutes", NUMBER, default=1),
        optional("raw_message_delivery", BOOL, default=False),
        optional("filter_policy", JSON),
        chosen("filter_policy_scope"),
        optional("redrive_policy", JSON),
        computed("arn"),
        computed("owner_id"),
        computed("pending_confirmation", BOOL),
        computed("confirmation_was_authenticated", BOOL),
    ]

    def make(self, want: State) -> State:
        answer = self.aws.subscribe(
            TopicArn=want["topic_arn"],
            Protocol=want["protocol"],
            Endpoint=want["endpoint"],
            Attributes=_settings(want),
            ReturnSubscriptionArn=True,
        )
        return {"arn": answer["SubscriptionArn"]}

    def look(self, state: State) -> State:
        found = self.aws.get_subscription_attributes(SubscriptionArn=state["arn"])["Attributes"]
        return {
            "topic_arn": found["TopicArn"],
            "protocol": found["Protocol"],
            "endpoint": found["Endpoint"],
            "owner_id": found["Owner"],
            "raw_message_delivery": found.get("RawMessageDelivery") == "true",
            "filter_policy": JSON.decode(found.get("FilterPolicy")),
            # AWS tells none without a filter policy.
            "filter_policy_scope": found.get("FilterPolicyScope") or _scope(state),
            "redrive_policy": JSON.decode(found.get("RedrivePolicy")),
            "pending_confirmation": found.get("PendingConfirmation") == "true",
            "confirmation_was_authenticated": found.get("ConfirmationWasAuthenticated") == "true",
        }

    def change(self, state: State, want: State) -> None:
        before, after = _settings(state), _settings(want)
        for name in [*after, *(before.keys() - after.keys())]:
            if before.get(name) != after.get(name):
                value = after.get(name) or _CLEARED.get(name)
                self.aws.set_subscription_attributes(
                    SubscriptionArn=state["arn"],
                    AttributeName=name,
                    **({"AttributeValue": value} if value else {}),
                )

    def remove(self, state: State) -> None:
        try:
            self.aws.unsubscribe(SubscriptionArn=state["arn"])
        except ClientError as error:
            # Nobody but its addressee can end a pending subscription; it goes with its topic.
            if "pending confirmation" not in str(error).lower():
                raise


_CLEARED = {"FilterPolicy": "{}"}  # what takes a setting away; without a value otherwise


def _scope(state: State) -> str:
    return "" if state["filter_policy_scope"] in (None, Unknown) else state["filter_policy_scope"]


def _settings(state: State) -> dict[str, str]:
    """As SNS takes them, the scope first: it decides which policies are well-formed."""
    documents = {name: JSON.encode(state[name]) for name in ("filter_policy", "redrive_policy")}
    return {
        **given(state, FilterPolicyScope="filter_policy_scope"),
        "RawMessageDelivery": str(state["raw_message_delivery"]).lower(),
        **given(documents, FilterPolicy="filter_policy", RedrivePolicy="redrive_policy"),
    }


RESOURCES = [Topic, TopicPolicy, TopicSubscription]
