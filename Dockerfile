# syntax=docker/dockerfile:1
# The local market and the operator's command, for those without Rust: docker-compose.yml builds
# and runs it. Functions are not built here, but by `sam build`.
FROM rust:1.95.0-slim-bookworm AS build
# `dist` is smaller and faster, and takes minutes longer to build.
ARG PROFILE=release
WORKDIR /src
COPY . .
# Crates and what was compiled are kept beside the image, from one build to the next.
RUN --mount=type=cache,target=/usr/local/cargo/registry,sharing=locked \
    --mount=type=cache,target=/src/target,sharing=locked \
    cargo build --locked --profile "$PROFILE" --package market --package ops \
    && install -D --target-directory /out \
        "target/$PROFILE/market" "target/$PROFILE/market-ops" infra/compose/market-health

FROM debian:12-slim
# Whom webhooks and AWS are known by; nothing else is installed.
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=build /out/ /usr/local/bin/
RUN useradd --system --uid 10001 --user-group --no-create-home --home-dir /data market \
    && install --directory --owner market --group market --mode 0700 /data
USER 10001:10001
WORKDIR /data
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 CMD ["market-health"]
ENTRYPOINT ["market"]
# Other containers, and the ports that the engine publishes, come from outside of this one.
CMD ["--listen", "0.0.0.0", "--data-dir", "/data"]
