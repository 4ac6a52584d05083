"""The one exception that stands for a user's mistake."""


class AnalysisError(Exception):
    """The analysis cannot be made; the text is one line for the person who started the job."""
