/** One run: starts both producers and the functions, waits until all records are decided, and observes the results. */
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { PartitionStateReader, type StateContents, type StateKey } from '../ledger/count/partition-states.ts'
import type { Violations } from '../ledger/count/violations.ts'
import { KafkaLog } from '../ledger/kafka/log.ts'
import { TestEnvironment } from '../support/environment.ts'
import { Offline } from '../support/offline.ts'
import { PROJECT } from '../support/program.ts'
import type { Valkey } from '../support/valkey.ts'
import { account, type Observed } from './account.ts'
import { Flow, TICK_EVERY_MS } from './flow.ts'
import { javaLines } from './java.ts'
import { type FuzzedRecord, readTopics, sentOf } from './observed.ts'
import type { Options } from './options.ts'
import { type RedisUse, redisUse } from './redis-use.ts'
import { STEADY_SOURCE, Steady } from './steady.ts'

const TOLD_EVERY_MS = 5_000

export interface Servers {
  readonly brokers: readonly string[]
  /** Used by this run only, because its memory is measured. */
  readonly valkey: Valkey
}

export interface Result {
  readonly options: Options
  readonly environment: string
  readonly observed: Observed
  readonly violations: Violations
  readonly refused: number
  readonly redis: RedisUse
  /** The time until the producers ended, and from then until all records were decided. */
  readonly sentMs: number
  readonly restMs: number
  /** The output of the functions. */
  readonly output: string
}

export async function run(
  options: Options,
  { brokers, valkey }: Servers,
  say: (line: string) => void,
  signal: AbortSignal,
): Promise<Result> {
  const environment = await TestEnvironment.create({ kafka: brokers, url: valkey.url })
  const stateKeys = new PartitionStateReader(valkey.url)
  const log = new KafkaLog(brokers)
  let offline: Offline | undefined
  try {
    offline = await Offline.start(environment.name, {
      KAFKA_BROKERS: brokers.join(','),
      REDIS_URL: valkey.url,
    })
    const flow = new Flow(environment, { log, stateKeys, offline }, signal)
    const beganAtMs = Date.now()
    const { sent, refused, steady } = await produce(options, brokers, flow, say)
    const sentMs = Date.now() - beganAtMs
    say(`${sent.length} records sent; waiting until all of them are decided`)
    await flow.rest(options.patienceMs, say)
    const restMs = Date.now() - beganAtMs - sentMs
    const redis = await redisUse(valkey.admin)
    // Nothing may change while the results are observed.
    await offline.kill()
    const { output } = offline
    say('reading the topics')
    const observed = await observe(brokers, flow, { sent, steady })
    const violations = account(observed)
    if (redis.bytes > redis.boundBytes)
      violations.add(
        'Redis uses more memory than documented',
        `${redis.bytes} bytes, not ${redis.boundBytes}`,
      )
    return {
      options,
      environment: environment.name,
      observed,
      violations,
      refused,
      redis,
      sentMs,
      restMs,
      output,
    }
  } finally {
    await offline?.kill()
    if (offline) await rm(join(PROJECT, offline.buildDir), { recursive: true, force: true })
    stateKeys.close()
    await log.close()
    await environment.close()
  }
}

interface Produced {
  readonly sent: readonly FuzzedRecord[]
  readonly refused: number
  readonly steady: ReadonlyMap<string, number>
}

async function produce(
  { seed, forMs, records, rate, without, only }: Options,
  brokers: readonly string[],
  flow: Flow,
  say: (line: string) => void,
): Promise<Produced> {
  const { environment, signal } = flow
  const topic = environment.topic('readings')
  const steady = new Steady(environment.client, topic)
  const sent: FuzzedRecord[] = []
  let refused = 0
  const ticks = setInterval(() => void flow.tick().catch(() => {}), TICK_EVERY_MS)
  const progress = setInterval(
    () =>
      void flow.waiting().then(
        waiting => say(`${sent.length} sent, ${waiting} wait`),
        () => {},
      ),
    TOLD_EVERY_MS,
  )
  try {
    const kinds = { without: without.join(','), only: only.join(',') }
    const extent = records === undefined ? { forMs } : { forMs, count: records }
    const args = { brokers: brokers.join(','), topic, seed, rate, ...extent, ...kinds }
    for await (const fields of javaLines({ program: 'FuzzProducer', args, heap: 768, signal })) {
      // Starts with the first record, because compiling the Java program takes a while.
      steady.start()
      const record = sentOf(fields)
      if (record === 'refused') refused += 1
      else if (record) sent.push(record)
    }
  } finally {
    clearInterval(ticks)
    clearInterval(progress)
    await steady.end()
  }
  return { sent, refused, steady: steady.sent }
}

async function observe(
  brokers: readonly string[],
  flow: Flow,
  { sent, steady }: Pick<Produced, 'sent' | 'steady'>,
): Promise<Observed> {
  const { environment, signal } = flow
  const [readings, failures, dlq] = (['readings', 'failures', 'dlq'] as const).map(name =>
    environment.topic(name),
  ) as [string, string, string]
  const decided = await flow.contents()
  return {
    readingsTopic: readings,
    sent,
    ...(await readTopics(brokers, { readings, failures, dlq }, signal)),
    decided,
    steady: { source: STEADY_SOURCE, sent: steady, counted: countedBy(decided, [...steady.keys()]) },
  }
}

/** How many readings of each sensor the statistics have counted. */
function countedBy(
  decided: readonly (StateKey & StateContents)[],
  sensors: readonly string[],
): ReadonlyMap<string, number> {
  const counted = new Map(sensors.map(sensor => [sensor, 0]))
  for (const { consumer, states } of decided)
    for (const [entity, state] of consumer === 'processor' ? states : []) {
      const sensor = sensors.find(name => entity === `${STEADY_SOURCE} ${name}`)
      if (sensor !== undefined)
        counted.set(sensor, (counted.get(sensor) ?? 0) + JSON.parse(state).metrics.temperature.count)
    }
  return counted
}
