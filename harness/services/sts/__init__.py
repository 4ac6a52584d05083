"""STS: sessions of roles and users, and who one is. Its own, because whom credentials belong to is the gateway's
knowledge."""

from harness.services.sts.api import Sts

__all__ = ["Sts"]
