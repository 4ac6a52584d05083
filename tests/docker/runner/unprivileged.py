"""`python -m tests.docker.runner.unprivileged`: a job and a function of a user who is not root, and what is left."""

from __future__ import annotations

import json
import os

from harness.model import Engines
from harness.running import environment
from harness.stack import started
from tests.docker.runner.work import Work

WRITES = "import os; os.chdir('/opt/ml/processing/out'); os.mkdir('deep', 0o700); open('deep/part', 'w').write('x')"
ASKS = "import os\ndef handler(event, context): return os.getuid()"


def main() -> None:
    with started(engines=Engines(runner="docker")) as stack, environment(stack):
        dev = Work("dev", stack)
        told = dev.run(WRITES, ProcessingOutputConfig=dev.output("out"))
        uploaded = dev.keys(told["ProcessingOutputConfig"]["Outputs"][0]["S3Output"]["S3Uri"])
        function, _ = dev.invoke(dev.function(ASKS))
        stack.client.settle()
        owners = {
            os.stat(os.path.join(place, name)).st_uid
            for place, folders, files in os.walk(stack.folder / "jobs")
            for name in (*folders, *files)
        }
        left = os.listdir(stack.folder / "jobs")
    print(
        json.dumps({"uploaded": len(uploaded), "function": function, "left": left, "owners": sorted(owners)})
    )


if __name__ == "__main__":
    main()
