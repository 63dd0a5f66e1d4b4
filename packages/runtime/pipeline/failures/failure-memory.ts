/**
 * The memory of failures, which lets each failed record be redriven once. It is bounded for each partition state and shared
 * fairly among producers. Pure.
 */
import { hash } from 'node:crypto'
import { bufferOf } from '../../cloudevents/header-bytes.ts'
import type { LogRecord } from '../../cloudevents/record.ts'
import { isPatched } from '../../cloudevents/redrive.ts'
import type { Application } from '../../consumer/application.ts'
import { type Event, entityOf } from '../../consumer/event.ts'
import type { FailureMemory } from '../model.ts'

/**
 * Number of groups in which failures are remembered, by the `source` of their records. Records without a
 * source form one more group.
 */
const GROUPS = 64
const NO_SOURCE = GROUPS

/** Matches the source attribute in JSON; only the first `SEARCHED_BYTES` of a value are searched. */
const SOURCE = /"source"\s*:\s*"((?:[^"\\]|\\.)*)"/
const SEARCHED_BYTES = 64 * 1024
const EVENT_FORMAT = /^\s*application\/cloudevents/i

/**
 * Returns the group of a record's producer, computed from the bytes alone: other code may be running at a
 * redrive, and must find the failure in the same group.
 */
export function producerGroupOf({ headers, value }: Pick<LogRecord, 'headers' | 'value'>): number {
  const header = (name: string) => headers.find(([candidate]) => candidate === name)?.[1]
  const type = header('content-type')
  const isStructured = type !== undefined && EVENT_FORMAT.test(bufferOf(type).toString('latin1'))
  const own = header('ce_source')
  const source = isStructured
    ? SOURCE.exec(value?.toString('latin1', 0, SEARCHED_BYTES) ?? '')?.[1]
    : own && bufferOf(own).toString('latin1')
  return source ? hashOf(source) % GROUPS : NO_SOURCE
}

export function entityHashOf(event: Pick<Event, 'source' | 'subject'> | undefined): number | undefined {
  return event && hashOf(entityOf(event))
}

function hashOf(text: string): number {
  return Number.parseInt(hash('sha256', text, 'hex').slice(0, 8), 16)
}

const ALL_GROUPS: readonly number[] = Array.from({ length: GROUPS + 1 }, (_, group) => group)

/**
 * Returns the groups that can contain the failure of a redriven record. A patch may change the source, but
 * the failure stays in its original group.
 */
export function groupsOfFailure(record: LogRecord): readonly number[] {
  return isPatched(record) ? ALL_GROUPS : [producerGroupOf(record)]
}

/** Returns one partition's share of a consumer's failure memory, in bytes. */
export function failureBytesOf(application: Application, all: number, topic: string): number {
  // An unknown topic gets the highest partition count of the application's topics.
  const partitions =
    application.topicNamed(topic)?.partitions ??
    Math.max(...Object.values(application.topics).map(({ partitions }) => partitions))
  return Math.floor(all / partitions)
}

/** Share of the limit from which operators are alerted, early enough to find the producer. */
const ALARMING_SHARE = 0.8

/**
 * Returns true if an operator should be alerted.
 *
 * @param limit upper bound for the failure memory of the partition state, in bytes
 */
export function isAlarming({ bytes, forgotten }: FailureMemory, limit: number): boolean {
  return forgotten > 0 || bytes >= ALARMING_SHARE * limit
}
