/** Invocations with the same records as those of the mapping, as if they had been abandoned but continued. */
import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { until } from '../support/until.ts'
import { eventOf, recordsBetween } from './batches.ts'
import type { StateKey } from './count/partition-states.ts'
import type { Flow } from './flow.ts'
import type { Worker } from './workers.ts'

/** So many that several entities are among them, with emissions: half of them go to the straggler. */
const WAITING = 30

/** Keeps all mappings from delivering records of one partition until `release` is called, and sends until enough of them wait. */
export async function withPausedPartition(
  flow: Flow,
  work: (stateKey: StateKey, release: (workers: readonly Worker[]) => Promise<void>) => Promise<void>,
): Promise<void> {
  const stateKey = await busyState(flow)
  const { topic, partition } = stateKey
  const ask = (workers: readonly Worker[], fault: 'hold' | 'release') =>
    Promise.all(workers.map(worker => worker.inject({ fault, function: 'counting', partition })))
  await ask(flow.workers, 'hold')
  // A batch that was in flight holds earlier records only.
  const endOf = async () => (await flow.log.ends(topic))[partition] ?? 0
  const enough = (await endOf()) + WAITING
  await flow.sendUntil(async () => (await endOf()) >= enough)
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
  /** Resolves when the mapping has delivered the same records again, with those that follow, and all were decided. */
  overtaken(): Promise<void>
  /** Lets it continue. Resolves when it has ended. */
  proceed(): Promise<void>
}

/** Starts a delayed invocation with half of the records that wait. Resolves when its delay begins. */
export async function straggler(
  flow: Flow,
  worker: Worker,
  stateKey: StateKey,
  before: 'commit' | 'publish',
): Promise<Straggler> {
  const { consumer, topic, partition } = stateKey
  const end = (await flow.log.ends(topic))[partition] ?? 0
  const applied = async () => (await flow.progress([stateKey]))[0]?.appliedOffset ?? -1
  const waiting = await recordsBetween(flow.log, stateKey, (await applied()) + 1, end)
  const records = waiting.slice(0, Math.ceil(waiting.length / 2))
  if (records.length === 0) throw new Error(`no record of ${topic}/${partition} reached its ${before}`)
  const [sign, proceed] = [worker.file(`straggler-${randomUUID()}`), worker.file(`proceed-${randomUUID()}`)]
  const event = { ...eventOf([[stateKey, records]]), straggler: { before, sign, proceed } }
  let isOver = false
  const ended = worker.invoke(consumer, event).then(() => {
    isOver = true
  })
  await until(`the delay before its ${before}`, () => isOver || existsSync(sign))
  // There was nothing to publish.
  if (!existsSync(sign)) return straggler(flow, worker, stateKey, before)
  return {
    overtaken: () =>
      until('others to decide its records and the next', async () => (await applied()) >= end - 1),
    proceed: async () => {
      await writeFile(proceed, '')
      await ended
    },
  }
}
