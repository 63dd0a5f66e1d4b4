import { percentile } from '../kit/statistics.ts'
import { Consumer, type Note } from './consumer.ts'
import type { Load } from './load.ts'
import { type Side, trigger } from './sides.ts'

export interface Plan {
  readonly brokers: readonly string[]
  readonly load: Load
  readonly partitions: number
  /** How many records a round measures, after the warm-up. */
  readonly records: number
}

/** Records before the measurement, until the code of a side is compiled. */
export const WARM_UP = 100_000

const FLOW_PER_SECOND = 1_000
const FLOW_MS = 6_000
const FLOW_WARM_UP_MS = 2_000
const WITHIN_MS = 120_000
const MEMORY_STEP = 100_000

/** Measures the records per second through the handler, a hundred at a time. */
export async function rate(side: Side, topic: string, { brokers, records }: Plan): Promise<number> {
  const consumer = await Consumer.start(side, { brokers, topic, window: 1, ages: false })
  try {
    const notes = await consumer.untilSeen(WARM_UP + records, WITHIN_MS)
    return rateAfter(WARM_UP, notes)
  } finally {
    await consumer.stop()
  }
}

function rateAfter(warmUp: number, notes: readonly Note[]): number {
  const ended = notes.toSorted((a, b) => a.endedAtMs - b.endedAtMs)
  let seen = 0
  let from: { readonly count: number; readonly atMs: number } | undefined
  for (const { count, endedAtMs } of ended) {
    seen += count
    if (seen >= warmUp) from ??= { count: seen, atMs: endedAtMs }
  }
  const tookMs = (ended.at(-1)?.endedAtMs ?? Number.NaN) - (from?.atMs ?? Number.NaN)
  return Math.round(((seen - (from?.count ?? 0)) / tookMs) * 1000)
}

export interface Latency {
  readonly p50: number
  readonly p99: number
}

/** Measures milliseconds from the producer to the handler, at 1,000 records per second and with a window of 0. */
export async function latency(
  side: Side,
  topic: string,
  { brokers, load, partitions }: Plan,
): Promise<Latency> {
  await load.topic(topic, partitions)
  const consumer = await Consumer.start(side, { brokers, topic, window: 0, ages: true })
  try {
    const flow = async (forMs: number, before: number) => {
      await load.flow(topic, FLOW_PER_SECOND, forMs)
      return consumer.untilSeen(before + (FLOW_PER_SECOND * forMs) / 1000, WITHIN_MS)
    }
    const warm = (await flow(FLOW_WARM_UP_MS, 0)).length
    const notes = await flow(FLOW_MS, (FLOW_PER_SECOND * FLOW_WARM_UP_MS) / 1000)
    const ages = notes.slice(warm).flatMap(note => note.ages)
    return { p50: percentile(ages, 0.5), p99: percentile(ages, 0.99) }
  } finally {
    await consumer.stop()
  }
}

/** Measures the resident memory of the trigger's process in MiB, every 100,000 records. */
export async function memory(topic: string, count: number, { brokers }: Plan): Promise<number[]> {
  const consumer = await Consumer.start(trigger, { brokers, topic, window: 1, ages: false })
  try {
    const resident: number[] = []
    for (let seen = MEMORY_STEP; seen <= count; seen += MEMORY_STEP) {
      await consumer.untilSeen(seen, WITHIN_MS)
      resident.push(await consumer.residentMiB())
    }
    return resident
  } finally {
    await consumer.stop()
  }
}
