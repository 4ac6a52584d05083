# The harness in a container: `docker compose up` builds and runs it, see docs/docker-compose.md.
ARG BASE=python:3.11-slim
FROM ${BASE}
WORKDIR /harness
# A layer of its own: what is installed changes more seldom than what is written. Only what runs is installed, and each
# file has the hash that requirements.txt has of it.
COPY pyproject.toml requirements.txt requirements-uv.txt ./
RUN python3 -m pip install --quiet --no-cache-dir --target /uv --require-hashes -r requirements-uv.txt \
    && /uv/bin/uv venv --quiet --no-python-downloads --python python3 /venv \
    && /uv/bin/uv pip install --quiet --no-cache --compile-bytecode --python /venv \
        --require-hashes -r pyproject.toml -c requirements.txt \
    && rm -r /uv
COPY . .
# Nothing but /tmp and /opt needs to be writable, and nobody needs to be root.
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 HOME=/tmp HARNESS_HOME=/tmp/.harness
RUN python -m compileall -q . \
    && useradd --uid 1000 --home-dir /tmp --no-create-home harness \
    && chmod 1777 /opt
USER harness
ENTRYPOINT ["python", "-m", "harness"]
CMD ["up", "--no-infra", "--host", "0.0.0.0"]
