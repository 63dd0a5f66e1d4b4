/** Activates plans in all partitions of the topics that the consumer `views` reads. */

import { isFailure, readEvent } from '#runtime/cloudevents'
import { instant } from '#runtime/consumer'
import type { StoredValue } from '#runtime/functions/connections'
import { broadcast } from '#runtime/functions/schedules'
import type { TopicOffsets, TopicPublisher } from '#runtime/operating/kafka'
import type { AnyKeyedProcess, Consumer, LogReader } from '#runtime/pipeline'
import { resolveSignals, type Signal } from '../../lib/app/naming/topic-table.ts'
import { activationOrder } from '../../lib/clock/activations.ts'
import { type Range, readRecords } from '../../lib/log/read-records.ts'
import { readTopicBounds } from '../../lib/log/topic-bounds.ts'
import {
  type ActivatedPlan,
  createActivationEvent,
  NO_TABLES,
  VIEWS_ACTIVATED_TYPE,
} from '../../lib/views/index.ts'

export interface ActivationPorts {
  /** Plan in force, as the functions keep it. */
  readonly inForce: Pick<StoredValue<ActivatedPlan>, 'read' | 'update'>
  readonly publisher: TopicPublisher
  readonly log: LogReader
  readonly offsets: Pick<TopicOffsets, 'bounds'>
  /** Consumer `views`, as in a deployment. */
  readonly consumer: Consumer<AnyKeyedProcess>
  readonly nowMs: () => number
}

/**
 * Changes the plan in force, and appends it to all partitions of the topics that `views` reads.
 *
 * @param since starts of ranges in which an interrupted run may have activated the tables. The plan is not appended there again.
 * @returns the plan, and its offsets by partition
 */
export async function activatePlan(
  ports: ActivationPorts,
  next: (inForce: ActivatedPlan) => ActivatedPlan,
  since: readonly Range[] = [],
): Promise<{ readonly plan: ActivatedPlan; readonly offsets: ReadonlyMap<string, number> }> {
  const plan = await ports.inForce.update(inForce => next(inForce ?? NO_TABLES))
  const offsets = await findActivations(ports, plan, since)
  const { consumer, publisher } = ports
  const time = instant(ports.nowMs())
  for (const signal of activationOrder(resolveSignals(['viewed']))) {
    const topic = consumer.application.kafkaTopic(signal, consumer.env)
    const places = (await readRanges(ports, [signal])).filter(range => !offsets.has(toPlace(range)))
    const partitions = places.map(({ partition }) => partition)
    const createEvent = (partition: number) => createActivationEvent(plan, partition, time)
    const appended = await broadcast(publisher, topic, consumer, createEvent, partitions)
    for (const [index, place] of places.entries()) offsets.set(toPlace(place), appended[index] as number)
  }
  return { plan, offsets }
}

/** Returns the offsets at which the tables of a plan were activated within the ranges, by partition. */
async function findActivations(
  { log }: Pick<ActivationPorts, 'log'>,
  { building: [generation] }: ActivatedPlan,
  ranges: readonly Range[],
): Promise<Map<string, number>> {
  const offsets = new Map<string, number>()
  for await (const record of readRecords(log, ranges)) {
    const event = readEvent(record)
    if (isFailure(event) || event.type !== VIEWS_ACTIVATED_TYPE || offsets.has(toPlace(record))) continue
    const { building } = event.data as ActivatedPlan
    if (building.includes(generation as string)) offsets.set(toPlace(record), record.offset)
  }
  return offsets
}

/** Returns the ranges of all partitions of the signals' topics. */
export async function readRanges(
  { offsets, consumer }: Pick<ActivationPorts, 'offsets' | 'consumer'>,
  signals: readonly Signal[],
): Promise<readonly Range[]> {
  const topics = signals.map(signal => consumer.application.kafkaTopic(signal, consumer.env))
  const found = topics.map(async topic =>
    (await readTopicBounds(offsets, topic)).map((bounds, partition) => ({ topic, partition, ...bounds })),
  )
  return (await Promise.all(found)).flat()
}

/** Returns the name of a partition. */
export function toPlace({
  topic,
  partition,
}: {
  readonly topic: string
  readonly partition: number
}): string {
  return `${topic}/${partition}`
}
