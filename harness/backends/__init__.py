"""What holds the services that are not the harness's own."""
