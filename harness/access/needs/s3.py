"""S3. Directory buckets, access points, S3 Metadata's tables and object annotations are not covered."""

from __future__ import annotations

from harness.access.needs import s3_buckets, s3_objects, s3_writing
from harness.access.needs.common import Need

OPERATIONS: dict[str, Need] = {
    **s3_buckets.OPERATIONS,
    **s3_objects.OPERATIONS,
    **s3_writing.OPERATIONS,
}
