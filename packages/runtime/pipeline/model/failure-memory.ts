/**
 * The memory of failures. It ensures that each attempt to redrive a failed record is accepted only once. It is bounded for each
 * partition state and shared fairly among producers. Pure.
 */
import { hash } from 'node:crypto'
import { toBuffer } from '../../cloudevents/header-bytes.ts'
import type { LogRecord } from '../../cloudevents/record.ts'
import type { Application } from '../../consumer/application.ts'
import type { FailureMemory } from './partition-state.ts'

/**
 * Number of groups of failures. The `source` of the failed record determines the group; records without a source form one more
 * group.
 */
const GROUPS = 64
const NO_SOURCE = GROUPS

/** Matches the source attribute in JSON. Only the first `SEARCHED_BYTES` bytes of a value are searched. */
const SOURCE = /"source"\s*:\s*"((?:[^"\\]|\\.)*)"/
const SEARCHED_BYTES = 64 * 1024
const EVENT_FORMAT = /^\s*application\/cloudevents/i

/**
 * Returns the group of a record's producer. It is computed from the bytes alone, so that other code finds the failure in the same
 * group when the record is redriven.
 */
export function computeProducerGroup({ headers, value }: Pick<LogRecord, 'headers' | 'value'>): number {
  const header = (name: string) => headers.find(([candidate]) => candidate === name)?.[1]
  const type = header('content-type')
  const isStructured = type !== undefined && EVENT_FORMAT.test(toBuffer(type).toString('latin1'))
  const own = header('ce_source')
  const source = isStructured
    ? SOURCE.exec(value?.toString('latin1', 0, SEARCHED_BYTES) ?? '')?.[1]
    : own && toBuffer(own).toString('latin1')
  return source ? hashText(source) % GROUPS : NO_SOURCE
}

function hashText(text: string): number {
  return Number.parseInt(hash('sha256', text, 'hex').slice(0, 8), 16)
}

/** Returns the share of one partition in the failure memory of a topic, in bytes. */
export function computeFailureBytes(application: Application, all: number, topic: string): number {
  // An unknown topic gets the highest partition count of the application's topics.
  const partitions =
    application.topicNamed(topic)?.partitions ??
    Math.max(...Object.values(application.topics).map(({ partitions }) => partitions))
  return Math.floor(all / partitions)
}

/** Share of the limit at which operators are alerted. It leaves them time to find the producer. */
const ALARMING_SHARE = 0.8

/**
 * Returns true if operators should be alerted because the failure memory is nearly full or has lost failures.
 *
 * @param limit upper bound for the failure memory of the partition state, in bytes
 */
export function isAlarming({ bytes, forgotten }: FailureMemory, limit: number): boolean {
  return forgotten > 0 || bytes >= ALARMING_SHARE * limit
}
