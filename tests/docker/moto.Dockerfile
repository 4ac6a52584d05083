# A stand-in for motoserver/moto where no registry is reached: the harness's image has the same moto in it.
#   docker build -t harness/moto:stand-in - < tests/docker/moto.Dockerfile && export MOTO_IMAGE=harness/moto:stand-in
ARG HARNESS_IMAGE=harness/harness:compose
FROM ${HARNESS_IMAGE}
ENTRYPOINT ["moto_server", "-H", "0.0.0.0"]
CMD []
