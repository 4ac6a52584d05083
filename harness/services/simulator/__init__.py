"""IAM's policy simulator: what policies would say to calls that nobody makes. Its own, because moto has none.

Sources: API reference, SimulatePrincipalPolicy and SimulateCustomPolicy, as botocore's model has it; and IAM's answers
that radkawar/stackd recorded in September 2026 (testdata/aws/iam/simulation.json and simulation_inputs.json), which
tell what the reference leaves open, sentences too. Where the two differ the answers count, and the place says so.
"""

from harness.services.simulator.api import OPERATIONS, Simulator

__all__ = ["OPERATIONS", "Simulator"]
