"""What every Python process that the harness starts, or that `harness env` points at it, loads at its start."""
