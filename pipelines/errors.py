"""What goes wrong in a way that the person at the command can mend: each says what, where and what to do."""


class PlatformError(ValueError):
    """A command can't do what it was asked to; one line of text."""


class BadEnvironmentError(PlatformError):
    """An environment's file can't be used, or is not the credentials'."""


class BadDataError(PlatformError):
    """The data that was asked for can't be used."""


class OutOfReachError(PlatformError):
    """An object can't be looked at: the bucket is somebody else's, or a permission is missing."""


class StillRunningError(PlatformError):
    """A pipeline can't be deleted: executions of it still run."""
