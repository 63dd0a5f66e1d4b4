/** What is in force, by the log: the newest rule set, or plan of tables, that all partitions have received. */
import { isFailure, readEvent } from '#runtime/cloudevents'
import type { Event } from '#runtime/consumer'
import type { Connections } from '#runtime/functions/connections'
import type { LogBounds, LogReader } from '#runtime/pipeline'
import type { Named } from '../app/naming/names.ts'
import type { Signal } from '../app/naming/topic-table.ts'
import { searchRecords } from '../log/read-records.ts'
import { readTopicBounds } from '../log/topic-bounds.ts'
import { type Appended, whyAppend } from '../support/append-again.ts'
import { type AppendingConfig, appendToPartitions } from './append-to-partitions.ts'

/** Topic that receives each activation after all other topics. What all its partitions have is therefore complete. */
const LAST_TOPIC: Signal = 'events'
/** Topic that receives each plan before all other topics, so that no row of a new table arrives before its plan. */
const FIRST_TOPIC: Signal = 'view-rows'
/** Number of newest records of a partition that are searched first. It is multiplied until an activation is found. */
const NEWEST = 10_000
const SEARCH_GROWTH = 8

/** Data of an activation. */
interface Activated {
  readonly hash: string
}

/** Returns the signals in the order in which their topics receive an activation. */
export function activationOrder(signals: readonly Signal[]): readonly Signal[] {
  const rank = (signal: Signal) => Number(signal === LAST_TOPIC) - Number(signal === FIRST_TOPIC)
  return signals.toSorted((a, b) => rank(a) - rank(b))
}

/** Activations in the log, since the last search or since the start of the log. */
export interface Activations<Data> {
  /** Newest data that all partitions have received; undefined if there is none. */
  readonly newest: Data | undefined
  /** True if some partitions have received other data after the newest, for example because a run was interrupted. */
  readonly isPartial: boolean
  /** Offset at which the next search starts, by partition. */
  readonly next: readonly number[]
  /** True if the log has lost its start, so that activations may have expired. */
  readonly isExpired: boolean
}

/**
 * Searches the log for activations.
 *
 * @param since first offset to search, by partition; undefined to search the whole log
 * @throws Unavailable or PartitionStopped if the log cannot be read
 */
export async function findActivations<Data extends Activated>(
  { log, bounds }: { readonly log: LogReader; readonly bounds: LogBounds },
  { env, names }: Named,
  type: string,
  since: readonly number[] = [],
): Promise<Activations<Data>> {
  const topic = names.topicName(LAST_TOPIC, env)
  const all = (await readTopicBounds(bounds, topic)).map(({ start, end }, partition) => {
    const from = since[partition] ?? start
    // The topic may have been created again.
    return { topic, partition, start: from > end ? start : Math.max(start, from), end, isExpired: start > 0 }
  })
  for (let newest = NEWEST; ; newest *= SEARCH_GROWTH) {
    const ranges = all.map(range => ({ ...range, start: Math.max(range.start, range.end - newest) }))
    const found: Data[][] = all.map(() => [])
    await searchRecords(log, ranges, type, record => {
      const event = readEvent(record)
      if (!isFailure(event) && event.type === type) found[record.partition]?.push(event.data as Data)
    })
    const isWhole = ranges.every(({ start }, index) => start === all[index]?.start)
    const complete = newestComplete(found)
    if (!complete && !isWhole) continue
    const isPartial = found.some(own => own.length > 0 && own.at(-1)?.hash !== complete?.hash)
    const next = all.map(({ start, end }) => (isPartial ? start : end))
    return { newest: complete, isPartial, next, isExpired: all.some(silence => silence.isExpired) }
  }
}

/**
 * Returns the newest data that all partitions have received; undefined if there is none. Pure.
 *
 * @param partitions data of the activations of each partition, in the order of the log
 */
export function newestComplete<Data extends Activated>(
  partitions: readonly (readonly Data[])[],
): Data | undefined {
  const [first = [], ...others] = partitions
  return first.findLast(({ hash }) => others.every(own => own.some(data => data.hash === hash)))
}

/** Activation that a scheduled run appended to every partition. */
interface Activation extends Activated, Appended {
  /** Offset at which the next search starts, by partition. */
  readonly next?: readonly number[]
}

interface Activating<Data> {
  /** Name of the value in Redis that describes the last run. */
  readonly name: string
  readonly type: string
  readonly signals: readonly Signal[]
  /** Time of the run, RFC 3339. */
  readonly at: string
  /** False if Redis has lost what is in force. The whole log is searched then. */
  readonly isKnown: boolean
  /** Returns the data to activate. @param newest newest complete activation, if it differs from what the last run appended */
  readonly choose: (newest: Data | undefined) => Promise<Data>
  readonly event: (data: Data, partition: number, at: string) => Event
  /** Called if activations have existed and none is left, so that the packaged data is activated. */
  readonly warn: () => void
}

/**
 * Appends data to every partition, if that is due, or if the log has other data.
 *
 * @returns the data; the number of partitions, which is 0 if nothing was due; and the reason
 */
export async function appendActivation<Data extends Activated>(
  connections: Connections,
  config: AppendingConfig,
  { name, type, signals, at, isKnown, choose, event, warn }: Activating<Data>,
) {
  const last = await connections.value<Activation>(name)
  const lastActivation = isKnown ? await last.read() : undefined
  const ports = { log: await connections.log(), bounds: await connections.bounds() }
  const found = await findActivations<Data>(ports, config, type, lastActivation?.next)
  if (!lastActivation && !found.newest && found.isExpired) warn()
  // What the last run appended is not news: Redis may have been changed since.
  const newest = found.newest?.hash === lastActivation?.hash ? undefined : found.newest
  const data = await choose(newest)
  const isOther = found.isPartial || (newest && newest.hash !== data.hash)
  const appended = await appendToPartitions<Activation>(connections, config, {
    signals: activationOrder(signals),
    last,
    next: { hash: data.hash, atMs: Date.parse(at), next: found.next },
    why: (before, next) => (isOther ? 'changed' : whyAppend(before, next, ({ hash }) => hash)),
    event: partition => event(data, partition, at),
  })
  if (lastActivation && appended.appended === 0) await last.write({ ...lastActivation, next: found.next })
  return { data, ...appended }
}
