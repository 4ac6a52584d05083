"""Jobs: the /opt/ml contract, and what runs a job's program."""
