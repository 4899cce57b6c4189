# Two images from one file:
#
#   docker build -t ptp-archiver .                            native: the program and its libraries
#   docker build --target utility -t ptp-archiver:utility .   with Python, for the official utility
#                                                           and for ptp-archiver-import
#
# `./dev image` does both and fills in the labels. For another architecture: docker buildx build
# --platform linux/arm64. (ARCH=arm64 cross-builds the files of one, for a test without a machine.)
ARG DEBIAN_IMAGE=debian:bookworm-slim

FROM ${DEBIAN_IMAGE} AS build
ARG ARCH=
COPY docker/install.sh /src/docker/
RUN /src/docker/install.sh "$ARCH"
COPY . /src
ARG SOURCE_DATE_EPOCH=0
RUN /src/docker/build.sh "$ARCH"


FROM ${DEBIAN_IMAGE} AS utility
RUN export DEBIAN_FRONTEND=noninteractive && apt-get update -qq \
    && apt-get install -y -qq --no-install-recommends python3 python3-requests python3-yaml ca-certificates \
       tzdata libcurl4 libjansson4 libsqlite3-0 libssl3 libexpat1 libmicrohttpd12 >/dev/null \
    && rm -rf /var/lib/apt/lists/* \
    && groupadd --gid 1000 ptp \
    && useradd --uid 1000 --gid 1000 --home-dir /app --no-create-home --shell /usr/sbin/nologin ptp
COPY --from=build /out/ptp-archiver /usr/bin/ptp-archiver
COPY contrib/ptp-archiver-import /usr/bin/
COPY --from=build --chown=1000:1000 /out/data/ /
ENV PTP_IMAGE=utility PTP_ENGINE=utility PTP_CONFIG=/app/config.ptp PTP_STATE=/app/state \
    PTP_WATCH=/watch PYTHONDONTWRITEBYTECODE=1
WORKDIR /app
USER ptp
VOLUME ["/app", "/watch"]
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=2m --timeout=15s --start-period=1m --retries=3 \
    CMD ["/usr/bin/ptp-archiver", "health"]
ENTRYPOINT ["/usr/bin/ptp-archiver"]
CMD ["run"]
ARG VERSION=0.1.0
ARG REVISION=
ARG CREATED=1970-01-01T00:00:00Z
ARG SOURCE=
LABEL org.opencontainers.image.title="ptp-archiver (utility)" \
      org.opencontainers.image.description="Keeps PassThePopcorn archive containers filled, with the official utility as its engine" \
      org.opencontainers.image.authors="the ptp-archiver authors" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.url="$SOURCE" \
      org.opencontainers.image.documentation="$SOURCE" \
      org.opencontainers.image.base.name="docker.io/library/debian:bookworm-slim" \
      org.opencontainers.image.source="$SOURCE" \
      org.opencontainers.image.version="$VERSION" \
      org.opencontainers.image.revision="$REVISION" \
      org.opencontainers.image.created="$CREATED"


FROM scratch AS native
COPY --from=build /out/root/ /
COPY --from=build --chown=1000:1000 /out/data/ /
ENV PATH=/usr/bin PTP_IMAGE=native PTP_CONFIG=/app/config.ptp PTP_STATE=/app/state PTP_WATCH=/watch
WORKDIR /app
USER ptp
VOLUME ["/app", "/watch"]
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=2m --timeout=15s --start-period=1m --retries=3 \
    CMD ["/usr/bin/ptp-archiver", "health"]
ENTRYPOINT ["/usr/bin/ptp-archiver"]
CMD ["run"]
ARG VERSION=0.1.0
ARG REVISION=
ARG CREATED=1970-01-01T00:00:00Z
ARG SOURCE=
LABEL org.opencontainers.image.title="ptp-archiver" \
      org.opencontainers.image.description="Keeps PassThePopcorn archive containers filled" \
      org.opencontainers.image.authors="the ptp-archiver authors" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.url="$SOURCE" \
      org.opencontainers.image.documentation="$SOURCE" \
      org.opencontainers.image.source="$SOURCE" \
      org.opencontainers.image.version="$VERSION" \
      org.opencontainers.image.revision="$REVISION" \
      org.opencontainers.image.created="$CREATED"
