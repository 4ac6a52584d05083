"""The stand-in for AWS's `sagemaker-model-monitor-analyzer` image: checks a data set or suggests a baseline.

Reads its settings from the environment (see analyzer/config.py), writes statistics.json, constraints.json
and, given a baseline, constraint_violations.json to `output_path`, and its exit message to
/opt/ml/output/message. Exit code 0 when the analysis ran, violations or not; 1 when it could not.
"""

import sys

# A script finds its neighbours in its own folder; mypy looks from the project's root.
from analyzer.run import main  # type: ignore[import-not-found]

if __name__ == "__main__":
    sys.exit(main())
