"""`make bench`: what the harness costs, beside what it replaces, measured in one run on one machine."""
