"""The APIs that the harness emulates itself. No service imports another."""
