"""What an account has, by List calls: they answer for what is not there, too."""

from typing import Any


def names(client: Any, operation: str, path: str, **parameters: Any) -> list[str]:
    """The names in all pages of a List operation; `path` is the JMESPath to them."""
    pages = client.get_paginator(operation).paginate(**parameters)
    return [str(name) for name in pages.search(path) if name is not None]


def has_pipeline(sagemaker: Any, name: str) -> bool:
    """Whether the account has a pipeline. AWS and its emulators differ in the error of a Describe."""
    return name in names(
        sagemaker, "list_pipelines", "PipelineSummaries[].PipelineName", PipelineNamePrefix=name
    )
