# A stand-in for localstack/localstack, from PyPI, where no registry is reached; BASE has to have Python 3.13:
#   docker build -f tests/docker/localstack.Dockerfile -t harness/localstack:stand-in engines
#   export LOCALSTACK_IMAGE=harness/localstack:stand-in
ARG BASE=python:3.13-slim
FROM ${BASE}
COPY localstack-requirements.txt /
RUN python3 -m venv /venv \
    && /venv/bin/pip install --quiet --no-cache-dir --require-hashes -r /localstack-requirements.txt
ENV FILESYSTEM_ROOT=/var/lib/localstack GATEWAY_LISTEN=0.0.0.0:4566 DNS_ADDRESS=0 OVERRIDE_IN_DOCKER=1
EXPOSE 4566
ENTRYPOINT ["/venv/bin/python", "-m", "localstack.runtime.main"]
