/** Conditions for the growth of a topic. Each check returns the problem and its remedy. */
import { setTimeout as pause } from 'node:timers/promises'
import { isUnknownTopic } from '../../../packages/runtime/adapters/kafka/errors.ts'
import type { Bounds } from '../../../packages/runtime/adapters/kafka/offsets.ts'
import type { FailureData } from '../../../packages/runtime/consumer/failure-event.ts'
import { isAbsent } from '../../../packages/runtime/pipeline/recovery/checkpoints.ts'
import { RETRY_TOPICS, topicName } from '../../app/topics.ts'
import { RETRY_TYPE } from '../../failures/event-types.ts'
import { eventIn, recordsBesideTicks, recordsIn } from './log-tail.ts'
import type { GrowingTopic } from './topic.ts'

/** The name of the forwarder that brings retries back. */
const REDRIVER = 'redriver'

/** Where the log ends, by partition. */
type Ends = readonly number[]

/** Whether only ticks came since the log ended there. */
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
  return `${count} records arrived during the growth: stop all producers of ${name}${own}. The clock may continue.`
}

/** Watches the topic for some time. */
export async function quiet(topic: GrowingTopic, quietMs: number): Promise<string[]> {
  const ends = (await topic.servers.bounds.bounds(topic.name)).map(({ end }) => end)
  await pause(quietMs)
  return arrivals(topic, ends, await topic.servers.bounds.bounds(topic.name))
}

/** Whether each consumer has decided all records of the first partitions, ticks aside, and published what it emitted. */
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
      wrong.push(`${consumer} has ${behind} records still to read: let it run until it has read them all.`)
    if (waiting > 0)
      wrong.push(
        `${consumer} has ${waiting} emissions in its outbox: the next record of their partition publishes them, as a tick does.`,
      )
  }
  return wrong
}

/** Returns the consumers with states that Redis has lost and that are still only in their checkpoints: those would not move. */
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
        `${consumer} has a checkpoint and no state of partition${lost.length === 1 ? '' : 's'} ${lost.join(', ')}: Redis has lost it, and ` +
          'the next record or tick of the partition restores it.',
      )
  }
  return wrong
}

/** Whether the consumers whose states are to be left alone keep nothing that belongs to entities. */
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
        `${consumer} keeps states of ${entities} entities, which must move: it cannot be an exception.`,
      )
  }
  return wrong
}

/** Whether no retry of the topic's records waits. */
export async function retriesDrained(topic: GrowingTopic): Promise<string[]> {
  const wrong: string[] = []
  for (const signal of RETRY_TOPICS) {
    const waiting = await retriesIn(topic, topicName(signal, topic.env))
    if (waiting > 0)
      wrong.push(
        `${waiting} retries of its records wait in ${signal}: wait until the redriver has brought them back.`,
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
