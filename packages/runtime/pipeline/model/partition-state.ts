/** The data that is stored for a partition of a consumer, except for the states of its entities. */
import type { Event } from '../../consumer/event.ts'
import type { Key } from '../../consumer/process.ts'
import type { TopicName } from '../../consumer/topic-name.ts'
import type { Fingerprint } from './fingerprint.ts'

/**
 * Identifies a partition state, which is all data that one consumer stores for one partition. Records are ordered, states are
 * stored, and losses are recovered per partition state.
 */
export interface StateKey {
  readonly consumer: string
  readonly topic: string
  readonly partition: number
}

/** Returns the name of a partition state among all in memory. Names of topics contain no spaces. */
export function formatStateKey({ consumer, topic, partition }: StateKey): string {
  return `${consumer} ${topic} ${partition}`
}

/**
 * Version of a partition state. A commit specifies the version that it is based on, and is refused if the partition state has
 * another version by then. The applied offset thus acts as a fencing token.
 */
export interface Version {
  readonly epoch: number
  /** Last decided offset; -1 before the first record. */
  readonly appliedOffset: number
  /**
   * Number of timers that have fired after the applied offset and before the next record. If these timers do not fit into one
   * commit, they are distributed over several commits.
   */
  readonly fired: number
}

export interface StoredTimer {
  readonly name: string
  /** Event time at which the timer is due. */
  readonly dueMs: number
  /** The timer fires when the log's clock has passed this time. */
  readonly thresholdMs: number
  /**
   * Id derived from the cause that has set the timer. If the same name and due time are set again, the new timer has another id.
   */
  readonly id: string
  /** Trace context of the event that set the timer. */
  readonly trace: Readonly<Record<string, string>>
}

/** Position in the order in which timers fire. Timers of the same entity at the same position fire in the order of their names. */
export interface TimerPlace {
  readonly thresholdMs: number
  readonly entity: string
}

/** An event that is decided and stored, but possibly not published yet. */
export interface OutboxEntry {
  /** Unique position in the partition state. The string order of positions is the order of publication. */
  readonly position: string
  readonly to: TopicName
  readonly key: Key
  readonly event: Event
  readonly everyPartition?: true
  /** Target partition; if absent, the key determines it. */
  readonly partition?: number
}

/** Context of a partition: data that an event has set for all its entities. */
export interface StoredContext {
  readonly hash: string
  /** Context as JSON: the data of the event, or the result of the process's reducer. */
  readonly json: string
}

export interface RememberedId extends Fingerprint {
  /** Time of the log's clock when the event was applied. */
  readonly appliedAtMs: number
}

export interface EntityTimer {
  readonly entity: string
  readonly timer: StoredTimer
}

/** Compares timers in the order of the store: by threshold, then by the bytes of the entity's name. */
export function byPlace(a: TimerPlace, b: TimerPlace): number {
  return a.thresholdMs - b.thresholdMs || byBytes(a.entity, b.entity)
}

export function byThreshold(a: StoredTimer, b: StoredTimer): number {
  return a.thresholdMs - b.thresholdMs || byBytes(a.name, b.name)
}

/**
 * Compares names by their bytes. Do not use `<`: it compares UTF-16 units, which sort differently from the
 * store for characters beyond the basic multilingual plane.
 */
function byBytes(a: string, b: string): number {
  return a === b ? 0 : Buffer.compare(Buffer.from(a), Buffer.from(b))
}

/** Returns true if the state was never written. A state that was written and is empty does exist. */
export function isAbsent({ epoch, appliedOffset }: Version): boolean {
  return epoch === 0 && appliedOffset < 0
}

export function sameVersion(a: Version, b: Version): boolean {
  return a.epoch === b.epoch && a.appliedOffset === b.appliedOffset && a.fired === b.fired
}

/** Returns the entries of a map with these names, if they are defined. */
export function pick<T>(from: ReadonlyMap<string, T | undefined>, names: readonly string[]): Map<string, T> {
  const found = new Map<string, T>()
  for (const name of names) {
    const value = from.get(name)
    if (value !== undefined) found.set(name, value)
  }
  return found
}
