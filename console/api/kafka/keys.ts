/** How the keys of a topic spread over its partitions. */
import { Hono } from 'hono'
import { integer, maxValue, minValue, object, optional, pipe, string, toNumber } from 'valibot'
import type { KeySample } from '../../../lib/queries/balance.ts'
import { keySamples } from '../../../lib/queries/key-samples.ts'
import type { ConsoleHono } from '../../access/person.ts'
import type { ConsoleEnvironment } from '../../environment.ts'
import { queryOf } from '../query.ts'
import { boundsOf, TOPIC_NAME, topicCalled } from './layouts.ts'

export interface KeysAnswer {
  readonly topic: string
  /** How many of the newest records were counted. */
  readonly records: number
  /** Whether the time was over before as many were read as were asked for. */
  readonly isCutShort: boolean
  readonly partitions: readonly KeySample[]
}

const MOST_RECORDS = 100_000
const MOST_MS = 10_000

const RECORDS = pipe(
  string(),
  toNumber('give a number of records'),
  integer('give a number of records'),
  minValue(1, 'give a number of records from 1 on'),
  maxValue(MOST_RECORDS, `at most ${MOST_RECORDS} records are read`),
)
const QUERY = object({ topic: TOPIC_NAME, records: optional(RECORDS, '10000') })

export function keyRoutes(environment: ConsoleEnvironment): Hono<ConsoleHono> {
  return new Hono<ConsoleHono>().get('/', async context => {
    const { topic, records } = queryOf(QUERY, context)
    const cluster = await environment.cluster()
    const bounds = (await boundsOf(cluster, [await topicCalled(cluster, topic)])).get(topic) ?? []
    const timeout = AbortSignal.timeout(MOST_MS)
    const signal = AbortSignal.any([timeout, context.req.raw.signal])
    const sample = await keySamples(await environment.log(), topic, bounds, {
      records,
      signal,
    })
    return context.json({ topic, ...sample, isCutShort: timeout.aborted } satisfies KeysAnswer)
  })
}
