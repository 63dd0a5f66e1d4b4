/**
 * Checks the preconditions for increasing the partition count of a topic. Each check returns problems, with instructions for
 * solving them.
 */
import { setTimeout as pause } from 'node:timers/promises'
import { isUnknownTopic } from '../../../packages/runtime/adapters/kafka/errors.ts'
import type { Bounds } from '../../../packages/runtime/adapters/kafka/offsets.ts'
import type { FailureData } from '../../../packages/runtime/consumer/failure-event.ts'
import { isAbsent } from '../../../packages/runtime/pipeline/recovery/checkpoints.ts'
import { RETRY_TOPICS, topicName } from '../../app/topics.ts'
import { RETRY_TYPE } from '../../failures/event-types.ts'
import { eventIn, recordsBesideTicks, recordsIn } from './log-tail.ts'
import type { GrowingTopic } from './topic.ts'

/** Name of the forwarder that returns records from the retry topics. */
const REDRIVER = 'redriver'

/** End offsets by partition. */
type Ends = readonly number[]

/** Returns a problem if records other than ticks were appended after the given end offsets. */
async function arrivals(topic: GrowingTopic, ends: Ends, now: readonly Bounds[]): Promise<string[]> {
  const { log } = topic.servers
  let count = 0
  for (const [partition, before] of ends.entries())
    count += await recordsBesideTicks(log, topic.name, partition, before, now[partition]?.end ?? before)
  return count === 0 ? [] : [stillWritten(topic, count)]
}

function stillWritten({ name, signal }: GrowingTopic, count: number): string {
  const own =
    signal === 'readings'
      ? ': the generator too (SLUICE_GENERATOR=off, or end `npm start`), and `sluice replay` and `import`'
      : ', and the consumers that emit to it'
  return `${count} records arrived meanwhile: stop all producers of ${name}${own}. The clock may continue.`
}

/** Watches the topic for a while, and returns a problem if new records are appended. */
export async function quiet(topic: GrowingTopic, quietMs: number): Promise<string[]> {
  const ends = (await topic.servers.bounds.bounds(topic.name)).map(({ end }) => end)
  await pause(quietMs)
  return arrivals(topic, ends, await topic.servers.bounds.bounds(topic.name))
}

/**
 * Checks that each consumer has published its emissions, and has processed all records of the existing partitions. Ticks may still
 * be pending.
 */
export async function consumersDone(
  topic: GrowingTopic,
  consumers: readonly string[],
  bounds: readonly Bounds[],
): Promise<string[]> {
  const wrong: string[] = []
  for (const consumer of consumers) {
    let [behind, waiting] = [0, 0]
    for (const [partition, { start, end }] of bounds.entries()) {
      const { version } = await topic.meta(consumer, partition)
      const from = Math.max(start, version.appliedOffset + 1)
      behind += await recordsBesideTicks(topic.servers.log, topic.name, partition, from, end)
      waiting += (await topic.reader.counts(topic.keyOf(consumer, partition))).outbox
    }
    if (behind > 0)
      wrong.push(`${consumer} still has ${behind} records to read: wait until it has read them all.`)
    if (waiting > 0)
      wrong.push(
        `${consumer} has ${waiting} emissions in its outbox: wait for the next record or tick of their partition, which publishes them.`,
      )
  }
  return wrong
}

/**
 * Checks that each consumer's states are in Redis. States that exist only in checkpoints, because Redis has lost them, would not be
 * moved.
 */
export async function restored(topic: GrowingTopic, partitions: number): Promise<string[]> {
  const { kept } = topic.servers
  if (!kept) return []
  const wrong: string[] = []
  for (const consumer of await topic.consumers()) {
    const lost: number[] = []
    for (const key of topic.keysOf(consumer, partitions))
      if (isAbsent((await topic.reader.meta(key)).version) && (await kept.has(key))) lost.push(key.partition)
    if (lost.length > 0)
      wrong.push(
        `${consumer} has a checkpoint but no state of partition${lost.length === 1 ? '' : 's'} ${lost.join(', ')}: Redis has lost it. Wait for ` +
          'the next record or tick of the partition, which restores it.',
      )
  }
  return wrong
}

/** Checks that consumers whose states are not moved do not store anything by entity. */
export async function keepingEntities(
  topic: GrowingTopic,
  except: readonly string[],
  partitions: number,
): Promise<string[]> {
  const wrong: string[] = []
  for (const consumer of except) {
    let entities = 0
    for (const key of topic.keysOf(consumer, partitions))
      entities += (await topic.reader.counts(key)).entities
    if (entities > 0)
      wrong.push(
        `${consumer} keeps states of ${entities} entities, which must move: remove it from --except.`,
      )
  }
  return wrong
}

/** Checks that no records of the topic wait for a retry. */
export async function retriesDrained(topic: GrowingTopic): Promise<string[]> {
  const wrong: string[] = []
  for (const signal of RETRY_TOPICS) {
    const waiting = await retriesIn(topic, topicName(signal, topic.env))
    if (waiting > 0)
      wrong.push(
        `${waiting} retries of its records wait in ${signal}: wait until the redriver has returned them.`,
      )
  }
  return wrong
}

async function retriesIn(topic: GrowingTopic, retryTopic: string): Promise<number> {
  const { log } = topic.servers
  let count = 0
  for (const [partition, { start, end }] of (await boundsIfThere(topic, retryTopic)).entries()) {
    const cursor = await topic.cursors.read({ consumer: REDRIVER, topic: retryTopic, partition })
    const range = { fromOffset: Math.max(start, cursor?.next ?? start), toOffset: end }
    for await (const record of recordsIn(log, retryTopic, partition, range)) {
      const event = eventIn(record)
      if (event?.type === RETRY_TYPE && (event.data as FailureData).originalTopic === topic.name) count += 1
    }
  }
  return count
}

async function boundsIfThere(topic: GrowingTopic, name: string): Promise<readonly Bounds[]> {
  try {
    return await topic.servers.bounds.bounds(name)
  } catch (error) {
    if (isUnknownTopic(error) || (error as { type?: string }).type === 'UNKNOWN_TOPIC_OR_PARTITION') return []
    throw error
  }
}
