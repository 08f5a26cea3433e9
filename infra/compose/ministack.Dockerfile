# syntax=docker/dockerfile:1
# ministack, as our tests run it: from the pins of .ci/ministack.txt. docker-compose.yml runs it.
FROM python:3.13-slim-bookworm
COPY .ci/ministack.txt /tmp/requirements.txt
RUN pip install --no-cache-dir --no-compile --requirement /tmp/requirements.txt \
    && useradd --system --uid 10001 --user-group --create-home ministack
USER 10001:10001
WORKDIR /tmp
# What it is told by its environment, docker-compose.yml says.
ENTRYPOINT ["ministack"]
