# One image that runs every function as a process, without Lambda: docs/run.md.
#   docker build -t sluice .
#   docker run --rm -e KAFKA_BROKERS=kafka:9092 -e REDIS_URL=redis://valkey:6379 sluice
#   docker run --rm -e KAFKA_BROKERS=kafka:9092 sluice topics apply --yes
FROM node:24.21.0-bookworm-slim@sha256:2fe369e969550cde8e867afc3fe370b260140cab4a23d467074295b42163d553 AS build
WORKDIR /source
# The packages change less often than the code.
COPY package.json package-lock.json ./
COPY packages/kafka-records/package.json packages/kafka-records/
COPY packages/schema-registry/package.json packages/schema-registry/
COPY packages/runtime/package.json packages/runtime/
COPY packages/msk-trigger/package.json packages/msk-trigger/
RUN npm ci --no-audit --no-fund
COPY . .
RUN node runner/image.ts /app

FROM node:24.21.0-bookworm-slim@sha256:2fe369e969550cde8e867afc3fe370b260140cab4a23d467074295b42163d553
ENV NODE_ENV=production \
    # glibc's heaps of threads keep what batches took: see infra/process-variables.ts.
    MALLOC_ARENA_MAX=1 \
    MALLOC_MMAP_THRESHOLD_=131072
WORKDIR /app
COPY --from=build /app ./
# It writes no file, so the file system can be read-only.
# By its number, which an orchestrator can tell from root: the user "node" of the base image.
USER 1000
EXPOSE 9464
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s \
    CMD ["node", "-e", "fetch('http://127.0.0.1:9464/health').then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "--disable-warning=TimeoutNegativeWarning", "bin/sluice.mjs"]
CMD ["run", "--host", "0.0.0.0"]
