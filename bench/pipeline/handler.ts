import { MemoryLogReader } from '../../lib/adapters/memory/log-reader.ts'
import { RedisClient } from '../../lib/adapters/redis/client.ts'
import { RedisFloodGate } from '../../lib/adapters/redis/flood-gate.ts'
import { RedisStateStore } from '../../lib/adapters/redis/state-store.ts'
import type { OutgoingRecord } from '../../lib/cloudevents/record.ts'
import { decided, type KeyedProcess } from '../../lib/domain/process.ts'
import { READING_TYPES } from '../../lib/domain/telemetry/families.ts'
import { consume } from '../../lib/pipeline/consume.ts'
import { CONSUMER_DEFAULTS, type Consumer } from '../../lib/pipeline/consumer.ts'
import { LatestDecisions } from '../../lib/pipeline/flood.ts'
import type { Invocation } from '../../lib/pipeline/partition.ts'
import type { Observer, Publisher, StateStore } from '../../lib/pipeline/ports.ts'
import type { KafkaEvent } from '../../lib/pipeline/receive.ts'

/** What a handler does that is idempotent and little else: it counts. */
export const COUNTING: KeyedProcess<{ count: number }> = {
  name: 'bench',
  accepts: READING_TYPES,
  onEvent: state => decided('counted', { count: (state?.count ?? 0) + 1 }),
}

/** A client that knows how often it was asked. */
export class CountingClient extends RedisClient {
  calls = 0

  override run<T>(command: Parameters<RedisClient['run']>[0]): Promise<T> {
    this.calls += 1
    return super.run(command) as Promise<T>
  }
}

interface Parts {
  readonly redis: RedisClient
  readonly process?: KeyedProcess<never>
  readonly publisher?: Publisher
  readonly store?: StateStore
}

/** The project's handler, from Lambda's event to its answer, as `lib/runtime.ts` puts it together; it logs nothing. */
export function handlerOf({ redis, process, publisher = NONE, store = new RedisStateStore(redis) }: Parts) {
  const consumer: Consumer = {
    ...CONSUMER_DEFAULTS,
    process: (process ?? COUNTING) as KeyedProcess<unknown>,
    env: 'bench',
  }
  const ports = {
    store,
    publisher,
    log: new MemoryLogReader([]),
    gate: new RedisFloodGate(redis, 'bench'),
    observer: SILENT,
  }
  return async (event: KafkaEvent): Promise<void> => {
    const { batchItemFailures } = await consume(consumer, ports, event, INVOCATION)
    if (batchItemFailures.length > 0)
      throw new Error(`${batchItemFailures.length} records were not processed`)
  }
}

const INVOCATION: Invocation = {
  remainingMs: () => 60_000,
  partialResponses: true,
  nowMs: Date.now,
  pause: async () => {},
  codeVersion: () => 'bench',
  latest: new LatestDecisions(),
}

const NONE: Publisher = {
  async publish(records: readonly OutgoingRecord[]) {
    throw new Error(`nothing was to be published, but ${records.length} records were`)
  },
}

const ignore = () => {}
const SILENT: Observer = {
  decided: ignore,
  redelivered: ignore,
  waiting: (_, { reason, error }) => console.error(reason, error),
  unsettled: ignore,
  refused: (_, entries, error) => console.error('refused', entries.length, error),
  stretchMissing: ignore,
  expired: ignore,
  startsWithoutMark: ignore,
  blind: ignore,
  strayed: ignore,
  flooded: ignore,
}
