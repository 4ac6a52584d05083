"""The mails that SNS writes, word for word, and the inbox they are put in."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path
from urllib.parse import urlencode

from harness.model import Json

SENDER = "AWS Notifications <no-reply@sns.amazonaws.com>"
_SUPPORT = "https://aws.amazon.com/support"


@dataclass(frozen=True)
class Subscription:
    """An e-mail address's subscription to a topic. `protocol` is email or email-json."""

    arn: str
    topic_arn: str
    protocol: str
    address: str
    token: str
    confirmed: bool = False
    attributes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Letter:
    to: str
    subject: str
    body: str
    topic_arn: str


def confirmation(subscription: Subscription, endpoint: str) -> Letter:
    link = _link(endpoint, "ConfirmSubscription", TopicArn=subscription.topic_arn, Token=subscription.token)
    body = (
        f"You have chosen to subscribe to the topic:\n{subscription.topic_arn}\n\n"
        "To confirm this subscription, click or visit the link below"
        f" (If this was in error no action is necessary):\n{link}\n\n"
        "Please do not reply directly to this email. If you wish to remove yourself from receiving all"
        " future SNS subscription confirmation requests please send an email to sns-opt-out\n"
    )
    return Letter(
        subscription.address, "AWS Notification - Subscription Confirmation", body, subscription.topic_arn
    )


def notification(
    subscription: Subscription, message: Json, message_id: str, now: datetime, endpoint: str
) -> Letter:
    """`message`: the parameters of Publish, or an entry of PublishBatch."""
    subject = message.get("Subject") or "AWS Notification Message"
    text = _text_for(subscription.protocol, message)
    leave = _link(endpoint, "Unsubscribe", SubscriptionArn=subscription.arn)
    if subscription.protocol == "email-json":
        body = _document(subscription, message, text, message_id, now, leave)
    else:
        body = (
            f"{text}\n\n--\n"
            "If you wish to stop receiving notifications from this topic,"
            f" please click or visit the link below to unsubscribe:\n{leave}\n\n"
            "Please do not reply directly to this email. If you have any questions or comments regarding"
            f" this email, please contact us at {_SUPPORT}\n"
        )
    return Letter(subscription.address, subject, body, subscription.topic_arn)


def write(letter: Letter, inbox: Path, now: datetime) -> Path:
    """Puts the letter at `<inbox>/<address>/<n>-<subject>.eml`; n counts the address's mails from 1."""
    folder = inbox / re.sub(r"[^\w.+@-]|^\.+", "_", letter.to)
    folder.mkdir(parents=True, exist_ok=True)
    slug = re.sub(r"[^a-z0-9]+", "-", letter.subject.lower()).strip("-")[:60] or "no-subject"
    path = folder / f"{len(list(folder.glob('*.eml'))) + 1}-{slug}.eml"
    path.write_bytes(_mime(letter, now).as_bytes())
    return path


def _mime(letter: Letter, now: datetime) -> EmailMessage:
    mime = EmailMessage()
    mime["From"] = SENDER
    mime["To"] = letter.to
    mime["Subject"] = letter.subject
    mime["Date"] = format_datetime(now)
    mime.set_content(letter.body)
    return mime


def _text_for(protocol: str, message: Json) -> str:
    """With MessageStructure json each protocol has its own text, or the default."""
    if message.get("MessageStructure") != "json":
        return str(message["Message"])
    texts = json.loads(message["Message"])
    return str(texts.get(protocol, texts["default"]))


def _document(
    subscription: Subscription, message: Json, text: str, message_id: str, now: datetime, leave: str
) -> str:
    """As for HTTP subscribers, without the signature: nobody here holds AWS's key."""
    subject = {"Subject": message["Subject"]} if message.get("Subject") else {}
    document = {
        "Type": "Notification",
        "MessageId": message_id,
        "TopicArn": subscription.topic_arn,
        **subject,
        "Message": text,
        "Timestamp": now.strftime("%Y-%m-%dT%H:%M:%S.") + f"{now.microsecond // 1000:03d}Z",
        "UnsubscribeURL": leave,
    }
    return json.dumps(document, indent=2) + "\n"


def _link(endpoint: str, action: str, **parameters: str) -> str:
    return f"{endpoint.rstrip('/')}/?{urlencode({'Action': action, **parameters})}"
