# Builds the single binary, and the programs that it calls, into one small-as-it-gets Debian image.
#   docker build -t homereel .
#   docker run --init -p 8080:8080 -v homereel:/data homereel

FROM docker.io/oven/bun:1.4.5-slim AS build
WORKDIR /deno
RUN bun add --ignore-scripts deno@2.9.6 && mv node_modules/@deno/linux-*/deno .
WORKDIR /homereel
COPY package.json bun.lock ./
RUN bun install --frozen-lockfile --ignore-scripts --production
COPY . .
RUN bun scripts/build-assets.ts && bun scripts/build.ts

# At the path where it will run: a virtual environment can't be moved.
FROM docker.io/library/debian:trixie-slim AS yt-dlp
ARG DEBIAN_FRONTEND=noninteractive
RUN apt-get update && apt-get install -y --no-install-recommends python3-venv
COPY scripts/yt-dlp.txt .
RUN python3 -m venv /opt/yt-dlp \
  && /opt/yt-dlp/bin/pip install --no-cache-dir --no-deps --compile -r yt-dlp.txt \
  && /opt/yt-dlp/bin/pip uninstall --yes pip

FROM docker.io/library/debian:trixie-slim
LABEL org.opencontainers.image.title="Homereel" \
  org.opencontainers.image.description="A self-hosted video shelf" \
  org.opencontainers.image.licenses="MIT"
ARG DEBIAN_FRONTEND=noninteractive
RUN apt-get update \
  && apt-get install -y --no-install-recommends ca-certificates ffmpeg python3 \
  && rm -rf /var/lib/apt/lists/* \
  && useradd --uid 1000 --user-group --no-create-home --home-dir /data --shell /usr/sbin/nologin homereel \
  && install --directory --owner homereel --group homereel --mode 700 /data \
  && ln -s /opt/yt-dlp/bin/yt-dlp /usr/local/bin/yt-dlp
COPY --from=yt-dlp /opt/yt-dlp /opt/yt-dlp
COPY --from=build /deno/deno /homereel/dist/homereel /usr/local/bin/

ENV HOMEREEL_DATA_DIR=/data HOMEREEL_SERVER_PORT=8080
WORKDIR /data
VOLUME /data
EXPOSE 8080
USER 1000:1000
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s CMD ["bash", "-c", \
  "exec 3<>/dev/tcp/127.0.0.1/$HOMEREEL_SERVER_PORT && printf 'GET /healthz HTTP/1.0\\r\\nHost: localhost\\r\\n\\r\\n' >&3 && head -n 1 <&3 | grep -q ' 200 '"]
ENTRYPOINT ["homereel"]
CMD ["serve"]
