# One image that runs every function with serverless-offline: docs/containers.md.
#   docker build -t sluice .
#   docker run --rm --init --network dataeng-network -e KAFKA_BROKERS=kafka:9092 -e REDIS_URL=redis://valkey:6379 sluice
#   docker run --rm --init --network dataeng-network -e KAFKA_BROKERS=kafka:9092 sluice node cli/sluice.ts topics apply --yes
FROM node:24.21.0-bookworm-slim@sha256:2fe369e969550cde8e867afc3fe370b260140cab4a23d467074295b42163d553 AS build
WORKDIR /app
# The packages change less often than the code.
COPY package.json package-lock.json ./
COPY packages/create-sluice/package.json packages/create-sluice/
COPY packages/kafka-records/package.json packages/kafka-records/
COPY packages/local-servers/package.json packages/local-servers/
COPY packages/packaging/package.json packages/packaging/
COPY packages/schema-registry/package.json packages/schema-registry/
COPY packages/test-kit/package.json packages/test-kit/
COPY packages/runtime/package.json packages/runtime/
COPY packages/msk-trigger/package.json packages/msk-trigger/
# Without the Node for `npm start`.
RUN npm ci --no-audit --no-fund && npm uninstall --no-save --no-audit --no-fund node
COPY . .
RUN ["node", "localstack/reload/image-bundles.ts", "bundles"]

FROM node:24.21.0-bookworm-slim@sha256:2fe369e969550cde8e867afc3fe370b260140cab4a23d467074295b42163d553
WORKDIR /app
COPY --from=build /app ./
ENV SLUICE_BUNDLES=bundles \
    SLS_NOTIFICATIONS_MODE=off \
    # The trigger keeps this file in place while the functions read.
    MSK_TRIGGER_HEALTH=/tmp/functions-read \
    NODE_OPTIONS=--disable-warning=TimeoutNegativeWarning \
    # The framework keeps a cache in the home folder, and nothing else is written.
    HOME=/tmp \
    # glibc's heaps of threads keep what batches took: see infra/place/account.ts.
    MALLOC_ARENA_MAX=1 \
    MALLOC_MMAP_THRESHOLD_=131072
# A new volume takes over the owner. Compose mounts one here.
RUN install --directory --owner=1000 --group=1000 /var/lib/sluice
# By its number, which an orchestrator can tell from root: the user "node" of the base image.
USER 1000
STOPSIGNAL SIGTERM
# A look at a file, because a program with Node takes seconds to start on a busy machine.
HEALTHCHECK --interval=15s --timeout=5s --start-period=300s \
    CMD ["test", "-f", "/tmp/functions-read"]
# Lambda's endpoint, which can invoke every function, listens inside of the container only.
CMD ["node", "node_modules/serverless/bin/serverless.js", "offline"]
