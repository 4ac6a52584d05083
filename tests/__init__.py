"""A package, so that `python -m tests.conformance` finds ours: a library installs a `tests` of its own."""
