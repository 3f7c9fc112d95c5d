# Two images from one file: `escalate` (the default), and `temporal` (server and Web UI, pinned, built from source).
# `python -m deploy.exercise_dockerfile` runs the RUN steps without a Docker engine.

FROM golang:1.26-bookworm AS temporal-build
ENV CGO_ENABLED=0 GOTOOLCHAIN=local GOFLAGS="-buildvcs=false -trimpath"
RUN GOBIN=/out/server go install -ldflags="-s -w" go.temporal.io/server/cmd/server@v1.32.0
RUN GOBIN=/out/schema go install -ldflags="-s -w" go.temporal.io/server/cmd/tools/sql@v1.32.0
RUN GOBIN=/out/ui go install -ldflags="-s -w" github.com/temporalio/ui-server/v2/cmd/server@v2.54.1

FROM debian:bookworm-slim AS temporal
RUN useradd --system --uid 10001 --no-create-home temporal
COPY --from=temporal-build /out/server/server /usr/local/bin/temporal-server
COPY --from=temporal-build /out/ui/server /usr/local/bin/temporal-ui
COPY deploy/temporal/dynamic.yaml /etc/temporal/dynamic.yaml
COPY deploy/temporal/ui.yaml /etc/temporal/config/production.yaml
USER 10001
EXPOSE 7233
CMD ["temporal-server", "--allow-no-auth", "start"]

FROM python:3.11-slim-bookworm AS build
WORKDIR /src
COPY deploy/runtime.lock deploy/runtime.lock
# Every byte from outside is checked against a hash, the build backend's too.
RUN python3 -m venv /opt/escalate
RUN /opt/escalate/bin/python -m pip install --no-cache-dir --require-hashes -r deploy/runtime.lock
COPY . .
RUN /opt/escalate/bin/python -m pip install --no-cache-dir --no-deps --no-build-isolation .

FROM python:3.11-slim-bookworm AS escalate
RUN useradd --system --uid 10001 --create-home --home-dir /var/lib/escalate escalate
COPY --from=build /opt/escalate /opt/escalate
COPY --from=temporal-build /out/schema/sql /opt/cache/temporal-sql-1.32.0/sql
ENV PATH="/opt/escalate/bin:$PATH" \
    PYTHONUNBUFFERED=1 \
    ESCALATE_HOME=/var/lib/escalate \
    ESCALATE_CACHE=/opt/cache
USER 10001
WORKDIR /var/lib/escalate
VOLUME /var/lib/escalate
EXPOSE 8080
ENTRYPOINT ["escalate"]
