"""The EventBridge API."""

from harness.services.events.api import Events

__all__ = ["Events"]
