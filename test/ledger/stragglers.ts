/** Invocations with the same records as those of the mapping, as if they had been abandoned but continued. */
import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { until } from '../support/until.ts'
import type { StateKey } from './count/partition-states.ts'
import type { Flow } from './flow.ts'
import type { KafkaRecord } from './kafka/records.ts'
import type { Worker } from './workers.ts'

const MOST = 100

/** Keeps all mappings from delivering records of one partition, of which some wait, until `release` is called. */
export async function withPausedPartition(
  flow: Flow,
  work: (stateKey: StateKey, release: (workers: readonly Worker[]) => Promise<void>) => Promise<void>,
): Promise<void> {
  const stateKey = await busyState(flow)
  const { partition } = stateKey
  const ask = (workers: readonly Worker[], fault: 'hold' | 'release') =>
    Promise.all(workers.map(worker => worker.inject({ fault, function: 'counting', partition })))
  await ask(flow.workers, 'hold')
  const waiting = async () => (await undecided(flow, stateKey)).length
  await until('enough records wait', async () => (await waiting()) >= 20, { withinMs: 2_000 }).catch(() => {})
  // Possibly all records were sent and decided before.
  if ((await waiting()) === 0) await flow.tick('readings')
  await work(stateKey, async workers => void (await ask(workers, 'release')))
}

/** A random partition, weighted by its number of records, because an empty partition has nothing to hold back. */
async function busyState(flow: Flow): Promise<StateKey> {
  const stateKeys = flow.stateKeys('counting')
  const [first] = stateKeys as [StateKey]
  const ends = await flow.log.ends(first.topic)
  let left = flow.random.next() * ends.reduce((sum, end) => sum + end, 0)
  const chosen = stateKeys.find((_, partition) => {
    left -= ends[partition] ?? 0
    return left < 0
  })
  return chosen ?? first
}

/** An invocation that waits before its commit or its publish. */
export interface Straggler {
  /** Resolves when the mapping has delivered the same records again and they were decided. */
  overtaken(): Promise<void>
  /** Lets it continue. Resolves when it has ended. */
  proceed(): Promise<void>
}

/** Starts a delayed invocation. Resolves when its delay begins, or when it has ended without reaching the delay. */
export async function straggler(
  flow: Flow,
  worker: Worker,
  stateKey: StateKey,
  before: 'commit' | 'publish',
): Promise<Straggler> {
  const { consumer, topic, partition } = stateKey
  const records = await undecided(flow, stateKey)
  const lastOffset = records.at(-1)?.offset ?? -1
  const [sign, proceed] = [worker.file(`straggler-${randomUUID()}`), worker.file(`proceed-${randomUUID()}`)]
  const event = {
    eventSource: 'aws:kafka',
    records: { [`${topic}-${partition}`]: records.map(record => handedOver(topic, record)) },
    straggler: { before, sign, proceed },
  }
  let isOver = false
  const ended = worker.invoke(consumer, event).then(() => {
    isOver = true
  })
  await until(`the delay before its ${before}`, () => isOver || existsSync(sign))
  const isOvertaken = async () => {
    const [progress = { appliedOffset: -1, outbox: 0 }] = await flow.progress([stateKey])
    const { appliedOffset, outbox } = progress
    // What has committed already is overtaken when its outbox was published by another invocation.
    if (before === 'publish')
      return appliedOffset > lastOffset || (appliedOffset === lastOffset && outbox === 0)
    return appliedOffset >= lastOffset
  }
  return {
    overtaken: () => until('the records to be decided by another invocation', isOvertaken),
    proceed: async () => {
      await writeFile(proceed, '')
      await ended
    },
  }
}

async function undecided(flow: Flow, stateKey: StateKey): Promise<readonly KafkaRecord[]> {
  const { topic, partition } = stateKey
  const [progress] = await flow.progress([stateKey])
  const from = (progress?.appliedOffset ?? -1) + 1
  const end = (await flow.log.ends(topic))[partition] ?? 0
  for await (const records of flow.log.read(topic, partition, from, end)) {
    const compressed = records.findIndex(({ isCompressed }) => isCompressed)
    return records.slice(0, compressed < 0 ? MOST : Math.min(compressed, MOST))
  }
  return []
}

/** A record as Lambda passes it to a function. */
function handedOver(
  topic: string,
  { partition, offset, timestampMs, key, value, headers }: KafkaRecord,
): object {
  return {
    topic,
    partition,
    offset,
    timestamp: timestampMs,
    timestampType: 'LOG_APPEND_TIME',
    key: key?.toString('base64'),
    value: value?.toString('base64'),
    headers: headers.map(([name, bytes]) => ({ [name]: [...bytes] })),
  }
}
