import { IdempotencyConfig, makeIdempotent } from '@aws-lambda-powertools/idempotency'
import { CachePersistenceLayer } from '@aws-lambda-powertools/idempotency/cache'
import { createClient } from '@redis/client'
import { Redis } from 'ioredis'
import type { Received } from '#runtime/consumer'
import { CONSUMER_DEFAULTS, decode, type KafkaEvent, receive } from '#runtime/pipeline'
import type { Healthy } from '#runtime/test/support/inside'
import { APPLICATION, COUNTING, CountingClient, createHandler } from './handler.ts'

/** A way to process each event once. It gets one batch after another. */
export interface Side {
  readonly name: 'handler' | 'powertools' | 'powertools-unordered' | 'set-nx'
  /** Batches per round; slow sides get fewer. */
  readonly batches: number
  run(event: KafkaEvent): Promise<void>
  close(): Promise<void>
}

const REMEMBERED_S = 3_600

/** All sides, on the same server. Each counts the events. */
export async function sidesOn(redisUrl: string): Promise<Side[]> {
  return [
    handlerSide(redisUrl),
    await powertoolsSide(redisUrl, 'powertools'),
    await powertoolsSide(redisUrl, 'powertools-unordered'),
    setNxSide(redisUrl),
  ]
}

function handlerSide(redisUrl: string): Side {
  const redis = new CountingClient({ url: redisUrl })
  return {
    name: 'handler',
    batches: 40,
    run: createHandler({ redis }),
    close: async () => redis.close(),
  }
}

/** Powertools as in its documentation: the function that processes one event is made idempotent by the event's identity. */
async function powertoolsSide(url: string, name: 'powertools' | 'powertools-unordered'): Promise<Side> {
  const client = createClient({ url })
  await client.connect()
  const config = new IdempotencyConfig({
    eventKeyJmesPath: '[source, id]',
    expiresAfterSeconds: REMEMBERED_S,
  })
  // Without a context, each call warns that the remaining time is unknown.
  config.registerLambdaContext({ getRemainingTimeInMillis: () => 60_000 } as never)
  const count = counter()
  const process = makeIdempotent(async (event: Received) => count(event), {
    persistenceStore: new CachePersistenceLayer({ client }),
    keyPrefix: name,
    config,
  })
  const inOrder = async (events: readonly Received[]) => {
    for (const event of events) await process(event)
  }
  const allAtOnce = async (events: readonly Received[]) => {
    await Promise.all(events.map(event => process(event)))
  }
  const work = name === 'powertools' ? inOrder : allAtOnce
  return {
    name,
    batches: name === 'powertools' ? 4 : 12,
    run: event => work(listEvents(event).map(healthy => healthy.event)),
    close: async () => client.destroy(),
  }
}

function setNxSide(url: string): Side {
  const redis = new Redis(url)
  const count = counter()
  return {
    name: 'set-nx',
    batches: 8,
    async run(event) {
      for (const { event: one, fingerprint } of listEvents(event))
        if (await redis.set(Buffer.from(fingerprint.id, 'latin1'), '1', 'EX', REMEMBERED_S, 'NX')) count(one)
    },
    close: async () => redis.disconnect(),
  }
}

/** Decodes a batch; all sides share this step. */
function listEvents(event: KafkaEvent): Healthy[] {
  const expectations = { ...CONSUMER_DEFAULTS, application: APPLICATION, process: COUNTING }
  return receive(event).flatMap(({ records }) =>
    records.map(record => {
      const decoded = decode(record, expectations)
      if (decoded.kind !== 'event') throw new Error('a record cannot be processed')
      return decoded
    }),
  )
}

function counter() {
  const counts = new Map<string, number>()
  return ({ entity }: Received) => {
    const count = (counts.get(entity) ?? 0) + 1
    counts.set(entity, count)
    return { count }
  }
}
