import { randomUUID } from 'node:crypto'
import type { OutgoingRecord } from '#runtime/cloudevents'
import { defineProcess } from '#runtime/consumer'
import { RedisClient } from '#runtime/operating/redis'
import { RedisCircuitBreaker } from '#runtime/operating/states'
import { CONSUMER_DEFAULTS, type Consumer, type KafkaEvent, type Publisher } from '#runtime/pipeline'
import {
  consume,
  type Invocation,
  KeptStates,
  KeptStore,
  type KeyedProcess,
  LatestDecisions,
  LogChecks,
  type Ports,
  type StateStore,
} from '#runtime/test/support/inside'
import { RedisStateStore } from '#runtime/test/support/inside-redis'
import { MemoryLogReader } from '#runtime/testing'
import { createApplication } from '../../lib/app/application.ts'
import { families, names } from '../kit/vocabulary.ts'

/** The application of the functions. */
export const APPLICATION = createApplication({ families, names })

/** Counts: about the least that an idempotent handler can do. */
export const COUNTING = defineProcess<{ count: number }>('bench', {
  accepts: families.readingTypes,
  onEvent: state => ({ count: (state?.count ?? 0) + 1 }),
})

/** A client that counts its calls. */
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

/** The project's handler from Lambda's event to the response, assembled as in `packages/runtime/lambda/kafka-handler.ts`, without logs. */
export function createHandler({
  redis,
  process,
  publisher = NONE,
  store = new RedisStateStore(redis),
}: Parts) {
  const consumer: Consumer = {
    ...CONSUMER_DEFAULTS,
    application: APPLICATION,
    failuresTo: APPLICATION.failuresTopic,
    process: (process ?? COUNTING) as KeyedProcess<unknown>,
    env: 'bench',
  }
  const ports = {
    store: new KeptStore(store, KEPT_STATES),
    publisher,
    log: new MemoryLogReader([]),
    breaker: new RedisCircuitBreaker(redis, 'bench'),
    report,
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
  logChecks: new LogChecks(),
}

const KEPT_STATES = new KeptStates(randomUUID())

const NONE: Publisher = {
  async publish(records: readonly OutgoingRecord[]) {
    throw new Error(`expected no record to be published, but there are ${records.length}`)
  },
}

/** Prints what must not happen in a measurement. */
const report: Ports['report'] = report => {
  if (report.kind === 'deferred' || report.kind === 'refused') console.error(report)
}
