/**
 * Failures that a consumer remembers. The memory ensures that each attempt to redrive a failed record is accepted only once. It is bounded for each
 * partition state and shared fairly among producers. Pure.
 */
import { hash } from 'node:crypto'
import { toBuffer } from '../../cloudevents/header-bytes.ts'
import { isEventFormat } from '../../cloudevents/media-type.ts'
import type { LogRecord } from '../../cloudevents/record.ts'
import type { Application } from '../../consumer/application.ts'
import type { FailureCode } from '../../consumer/failure-codes.ts'

/** A failed record. The remembered data ensures that its redrive is accepted only once, and only with the same bytes. */
export interface RememberedFailure {
  /** Id of the failure, which is the same for all attempts. */
  readonly id: string
  readonly partition: number
  readonly offset: number
  /** Number of the last attempt, starting at 1. */
  readonly attempt: number
  readonly digest: string
  /** Group of the record's producer, see `computeProducerGroup`. */
  readonly producerGroup: number
  /** True while a redrive of the failure is accepted. */
  readonly isOpen: boolean
  /** Set during a rebuild if the failure is closed in the live state, by an attempt before or after the start of the rebuild. */
  readonly isReopened?: true
  /** Time of the first failure, RFC 3339. */
  readonly firstFailedAt: string
  /** Time of the log's clock at the last attempt. */
  readonly failedAtMs: number
}

/** Fields that are needed to look up a failure. */
export type FailureName = Pick<RememberedFailure, 'id' | 'producerGroup'>

/** A failure whose retries have ended, as reported by an event. Any client can write such an event. */
export interface EndedFailure {
  readonly failure: string
  /** Digest of the failed record. It is checked because only a client that has read the failure can include it in its event. */
  readonly digest: string
}

/** A failure that was published before the store lost the state, see `published-failures.ts`. */
export interface PublishedFailure {
  readonly code: FailureCode
  /** True if later events of the entity were parked; undefined if unknown. */
  readonly parks?: boolean
  /**
   * Timestamp of the record at its first attempt, in milliseconds since the epoch. It tells the record from one at the same offset
   * of a deleted topic.
   */
  readonly originalTimestamp: number
}

/** Published failures of a partition by the id of their event, which differs for each attempt. */
export type PublishedFailures = ReadonlyMap<string, PublishedFailure>

export interface FailureMemory {
  /** Approximate size in the store, in bytes. */
  readonly bytes: number
  /** Number of failures that were forgotten early, to free memory, since the last report. */
  readonly forgotten: number
}

/**
 * Number of groups of failures. The `source` of the failed record determines the group; records without a source form one more
 * group.
 */
const GROUPS = 64
const NO_SOURCE = GROUPS

/** Matches the source attribute in JSON. Only the first `SEARCHED_BYTES` bytes of a value are searched. */
const SOURCE = /"source"\s*:\s*"((?:[^"\\]|\\.)*)"/
const SEARCHED_BYTES = 64 * 1024

/**
 * Returns the group of a record's producer. It is computed from the bytes alone, so that other code finds the failure in the same
 * group when the record is redriven.
 */
export function computeProducerGroup({ headers, value }: Pick<LogRecord, 'headers' | 'value'>): number {
  const header = (name: string) => headers.find(([candidate]) => candidate === name)?.[1]
  const type = header('content-type')
  const isStructured = type !== undefined && isEventFormat(toBuffer(type).toString('latin1'))
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
