"""Session tags: those of the request, and those that come down a chain of roles.

Source: IAM User Guide, "Pass session tags in AWS STS"; the sentences as LocalStack recorded them on AWS.
"""

from __future__ import annotations

from harness.model import ApiCall, AwsError

Tags = tuple[tuple[str, str], ...]


def given_tags(call: ApiCall) -> Tags:
    """The tags of the request. Keys differ in more than their case."""
    tags = tuple((tag["Key"], tag["Value"]) for tag in call.params.get("Tags", []))
    keys = [key.lower() for key, _ in tags]
    if len(set(keys)) < len(keys):
        raise _invalid("Duplicate tag keys found. Please note that Tag keys are case insensitive.")
    if any(key.startswith("aws:") for key in keys):
        # Documented as a rule (IAM User Guide, "Tagging IAM resources"); the sentence is not known.
        raise _invalid("Tag keys that begin with aws: are reserved for AWS's use.")
    return tags


def chained_tags(call: ApiCall) -> tuple[Tags, tuple[str, ...]]:
    """A role session's tags, and the keys of those that later sessions in the chain inherit: the caller's transitive
    tags come before the request's own."""
    given, session = given_tags(call), call.principal.session
    inherited = tuple(tag for tag in session.tags if tag[0] in session.transitive) if session else ()
    own = {key.lower() for key, _ in given}
    if own & {key.lower() for key, _ in inherited}:
        raise _invalid(
            "One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key from "
            "the calling session."
        )
    asked = {key.lower() for key in call.params.get("TransitiveTagKeys", [])}
    if not asked <= own:
        raise _invalid("The specified transitive tag key must be included in the requested tags.")
    transitive = (
        *(key for key, _ in inherited),
        *(key for key, _ in given if key.lower() in asked),
    )
    return (*inherited, *given), transitive


def _invalid(message: str) -> AwsError:
    return AwsError("InvalidParameterValue", message)
