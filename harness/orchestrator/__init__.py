"""Pipeline executions, run from the stored definition: definition -> graph -> references -> steps -> execution."""
