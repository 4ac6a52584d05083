"""What is looked at before a deployment begins, each a function of plain data and boto3 sessions to findings.

Nothing here changes anything: every call reads.
"""

from harness.deploy.preflight.calling import in_order, session
from harness.deploy.preflight.identity import Caller, identity
from harness.deploy.preflight.machine import tools
from harness.deploy.preflight.names import names
from harness.deploy.preflight.needed import needed
from harness.deploy.preflight.permissions import permissions
from harness.deploy.preflight.quotas import quotas
from harness.deploy.preflight.taken import Creation, taken

__all__ = [
    "Caller",
    "Creation",
    "identity",
    "in_order",
    "names",
    "needed",
    "permissions",
    "quotas",
    "session",
    "taken",
    "tools",
]
