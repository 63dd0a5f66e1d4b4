/** Invocations with the same records as those of the mapping, as if they had been abandoned but continued. */
import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { until } from '#local-servers/testing/until.ts'
import { createEvent, recordsBetween } from './batches.ts'
import type { StateKey } from './count/partition-states.ts'
import type { Flow } from './flow.ts'
import type { Worker } from './workers.ts'

/**
 * The functions that have stragglers, and how many records wait for each: so many that several entities are among them, with
 * emissions. Half of the records go to the straggler.
 */
const WAITING = { counting: 16, intake: 4 } as const

/** An invocation that waits before its commit or its publish. */
interface Straggler {
  /** Resolves when the mapping has delivered the same records again, with those that follow, and all were decided. */
  overtaken(): Promise<unknown>
  /** Lets it continue. Resolves when it has ended. */
  proceed(): Promise<unknown>
}

type Before = 'commit' | 'publish'
type Start = (worker: Worker, before: Before) => Promise<Straggler>
type Release = (workers: readonly Worker[]) => Promise<unknown>

/**
 * Keeps all mappings from delivering records of one partition of each function until `release` is called, and sends until enough of
 * them wait. `stragglers` starts a delayed invocation of each function.
 */
export async function withPausedPartitions(
  flow: Flow,
  work: (stragglers: Start, release: Release) => Promise<void>,
): Promise<void> {
  const names = Object.keys(WAITING) as (keyof typeof WAITING)[]
  const stateKeys = await Promise.all(names.map(name => busyState(flow, name)))
  const ask = (workers: readonly Worker[], fault: 'hold' | 'release') =>
    Promise.all(
      stateKeys.flatMap(({ consumer, partition }) =>
        workers.map(worker => worker.inject({ fault, function: consumer, partition })),
      ),
    )
  await ask(flow.workers, 'hold')
  // A batch that was in flight holds earlier records only.
  const listEnds = () => Promise.all(stateKeys.map(stateKey => readEnd(flow, stateKey)))
  const enough = (await listEnds()).map((end, at) => end + (WAITING[names[at] as keyof typeof WAITING] ?? 0))
  await flow.sendUntil(async () => (await listEnds()).every((end, at) => end >= (enough[at] ?? 0)))
  const start: Start = async (worker, before) => {
    const started = await Promise.all(stateKeys.map(stateKey => straggler(flow, worker, stateKey, before)))
    return {
      overtaken: () => Promise.all(started.map(straggler => straggler.overtaken())),
      proceed: () => Promise.all(started.map(straggler => straggler.proceed())),
    }
  }
  await work(start, workers => ask(workers, 'release'))
}

async function readEnd(flow: Flow, { topic, partition }: StateKey): Promise<number> {
  return (await flow.log.ends(topic))[partition] ?? 0
}

/** A random partition, weighted by its number of records, because an empty partition has nothing to hold back. */
async function busyState(flow: Flow, consumer: string): Promise<StateKey> {
  const stateKeys = flow.stateKeys(consumer)
  const [first] = stateKeys as [StateKey]
  const share = flow.random.next()
  const ends = await flow.log.ends(first.topic)
  let left = share * ends.reduce((sum, end) => sum + end, 0)
  const chosen = stateKeys.find((_, partition) => {
    left -= ends[partition] ?? 0
    return left < 0
  })
  return chosen ?? first
}

/** Starts a delayed invocation with half of the records that wait. Resolves when its delay begins. */
async function straggler(flow: Flow, worker: Worker, stateKey: StateKey, before: Before): Promise<Straggler> {
  const { consumer, topic, partition } = stateKey
  const end = await readEnd(flow, stateKey)
  const applied = async () => (await flow.progress([stateKey]))[0]?.appliedOffset ?? -1
  const waiting = await recordsBetween(flow.log, stateKey, (await applied()) + 1, end)
  const records = waiting.slice(0, Math.ceil(waiting.length / 2))
  if (records.length === 0) throw new Error(`no record of ${topic}/${partition} reached its ${before}`)
  const [sign, proceed] = [worker.file(`straggler-${randomUUID()}`), worker.file(`proceed-${randomUUID()}`)]
  const event = { ...createEvent([[stateKey, records]]), straggler: { before, sign, proceed } }
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
