"""Runs a command beside an engine that it needs: `python -m engines docker -- make test`.

The engine is there for the command and gone after it, with all that it started and wrote. Where it can't be had, one
line says why, and the exit status is 0: who has no Docker is not kept from testing the rest.
It uses nothing of the harness, which is only told where the engine is.
"""
