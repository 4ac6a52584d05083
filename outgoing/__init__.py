"""Proves that a command reaches nothing but loopback: `python -m outgoing -- make test`.

The command runs in a network namespace of its own, whose only ways out are loopback and a TUN device that takes every
default route. Whatever would have left the machine, of any program in any language, ends in that device and is told.
It uses nothing of the harness: an instrument must not rest on what it measures.

What this does not see: a Unix socket to a service outside (Docker's, say); the loopback of the machine outside, which
cannot be reached at all; processes that go on after the command has ended, which are cut off then.
"""
