"""The stand-in for AWS's `sagemaker-xgboost` image (3.0-5): the built-in algorithm and its inference server.

`program.py train` trains from /opt/ml/input and writes /opt/ml/model/xgboost-model; `program.py serve`
answers for that model over HTTP. The image also serves processing jobs, which bring their own script.
"""

import sys

USAGE = "usage: program.py train|serve"


def main(arguments: list[str]) -> int:
    """Run the command in `arguments`; the result is the exit code."""
    if arguments == ["train"]:
        # A script finds its neighbours in its own folder; mypy looks from the project's root.
        from algorithm.training import main as train  # type: ignore[import-not-found]

        return int(train())
    if arguments == ["serve"]:
        from algorithm.serving import main as serve  # type: ignore[import-not-found]

        return int(serve())
    print(USAGE, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
