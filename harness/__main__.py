"""`python -m harness`: the command line, of the checkout that one is in."""

from harness.cli import main

main()
