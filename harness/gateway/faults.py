"""How each service tells what is wrong with the credentials or the signature of a request.

Sources: "Common Errors" of the API references of STS (query) and SageMaker (JSON), "Error responses" of S3's; where
pages and answers differ, the answers quoted in public issues: iann0036/iamlive#58 and erlcloud/erlcloud#690 (Lambda:
403), aws/aws-sdk-php#1780 and maxbanton/cwh#119 (JSON: 400), aws/aws-sdk-go#249 (SQS), aws/aws-sdk-java#2437
(CloudWatch), hydraulic-software/conveyor#157 (S3 without the session's token).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from harness.model import AwsError

Fault = tuple[str, str, int]
"""Code, message, HTTP status."""


@dataclass(frozen=True)
class Faults:
    """`wrong_token`: a session's token that is not the key's, or one beside a key that has none. `tolerance`: how far
    the time in a signature may be from now."""

    unknown_key: Fault
    wrong_token: Fault
    expired: Fault
    mismatch: Fault
    no_date: Fault
    tolerance: timedelta = timedelta(minutes=5)

    def skewed(self, signed: datetime, now: datetime) -> AwsError:
        """The error for a signature of another time than now."""
        minutes = int(self.tolerance.total_seconds() // 60)
        if signed < now:
            told = f"expired: {_stamp(signed)} is now earlier than"
            limit = f"{_stamp(now - self.tolerance)} ({_stamp(now)} - {minutes} min.)"
        else:
            told = f"not yet current: {_stamp(signed)} is still later than"
            limit = f"{_stamp(now + self.tolerance)} ({_stamp(now)} + {minutes} min.)"
        return AwsError(self.mismatch[0], f"Signature {told} {limit}", self.mismatch[2])


class _S3Faults(Faults):
    def skewed(self, signed: datetime, now: datetime) -> AwsError:
        text = "The difference between the request time and the current time is too large."
        return AwsError("RequestTimeTooSkewed", text, 403)


def faults_of(signing_name: str) -> Faults:
    """By what SigV4 calls the service; a JSON service unless known to be another."""
    return _FAULTS.get(signing_name, _JSON)


def _stamp(moment: datetime) -> str:
    return moment.strftime("%Y%m%dT%H%M%SZ")


_INVALID = "The security token included in the request is invalid."
_EXPIRED = "The security token included in the request is expired"
_MISMATCH = (
    "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key "
    "and signing method. Consult the service documentation for details."
)
_NO_DATE = "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header."


def _json_faults(status: int) -> Faults:
    return Faults(
        unknown_key=("UnrecognizedClientException", _INVALID, status),
        wrong_token=("UnrecognizedClientException", _INVALID, status),
        expired=("ExpiredTokenException", _EXPIRED, status),
        mismatch=("InvalidSignatureException", _MISMATCH, status),
        no_date=("IncompleteSignature", _NO_DATE, status),
    )


_JSON = _json_faults(400)
_QUERY = Faults(
    unknown_key=("InvalidClientTokenId", _INVALID, 403),
    wrong_token=("InvalidClientTokenId", _INVALID, 403),
    expired=("ExpiredToken", _EXPIRED, 403),
    mismatch=("SignatureDoesNotMatch", _MISMATCH, 403),
    no_date=("IncompleteSignature", _NO_DATE, 403),
)
_S3 = _S3Faults(
    unknown_key=(
        "InvalidAccessKeyId",
        "The AWS Access Key Id you provided does not exist in our records.",
        403,
    ),
    wrong_token=("InvalidToken", "The provided token is malformed or otherwise invalid.", 400),
    expired=("ExpiredToken", "The provided token has expired.", 400),
    mismatch=(
        "SignatureDoesNotMatch",
        "The request signature we calculated does not match the signature you provided. Check your key and signing "
        "method.",
        403,
    ),
    no_date=("AccessDenied", "AWS authentication requires a valid Date or x-amz-date header", 403),
    tolerance=timedelta(minutes=15),
)
# SQS and CloudWatch speak JSON and CBOR by now, and still answer with the query protocol's codes.
_FAULTS = {
    "s3": _S3,
    "lambda": _json_faults(403),
    **dict.fromkeys(("sts", "iam", "sns", "sqs", "monitoring"), _QUERY),
}
