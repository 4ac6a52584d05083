"""The Lambda API."""

from harness.services.functions.api import Functions

__all__ = ["Functions"]
