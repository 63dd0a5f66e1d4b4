/** Decides what a forwarder does with each record, up to the first record that must wait. Pure, except for what the forwarder reads. */
import { toBuffer } from '../../cloudevents/header-bytes.ts'
import { estimateSize, type LogRecord, type OutgoingRecord } from '../../cloudevents/record.ts'
import { ConfigError } from '../../consumer/author-errors.ts'
import { type Failure, failure, rejection, unexpectedFailure } from '../../consumer/failure-codes.ts'
import type { Forwarder, Forwarding } from '../../consumer/forwarder.ts'
import type { TopicName } from '../../consumer/topic-name.ts'
import type { Consumer } from '../consumer.ts'
import { createDecision } from '../deciding/task.ts'
import { Unavailable } from '../errors.ts'
import type { Decision } from '../model/decision.ts'
import { createFailureRecord, createRememberedFailure } from '../outbox/failure-record.ts'
import { buildRecord } from '../outbox/outgoing-record.ts'

/** A forwarder, with the settings that the pipeline needs to run it. */
export interface ForwardingConsumer
  extends Pick<Consumer, 'application' | 'env' | 'contentMode' | 'failuresTo' | 'limits' | 'reserveMs'> {
  readonly process: Forwarder
}

/** A decided record and the record that is written for it: the record itself, a failure record, or none. */
export interface Move {
  readonly source: LogRecord
  readonly decision: Decision
  readonly written?: OutgoingRecord
}

export interface Moves {
  readonly moves: readonly Move[]
  /** Set if the next record is not due yet: its due time in milliseconds since the epoch. */
  readonly dueMs?: number
  /** Set if the next record cannot be decided now. */
  readonly error?: Unavailable | ConfigError
}

/**
 * Decides as many of the first records as fit into one chunk. A record that cannot be forwarded is replaced by a failure record.
 */
export async function decide(
  consumer: ForwardingConsumer,
  records: readonly LogRecord[],
  nowMs: number,
): Promise<Moves> {
  const { limits } = consumer
  const moves: Move[] = []
  let bytes = 0
  for (const source of records) {
    bytes += estimateSize(source)
    if (moves.length > 0 && (moves.length >= limits.records || bytes > limits.bytes)) break
    const forwarding = await callForwarder(consumer, source, nowMs)
    if (forwarding instanceof Error) return { moves, error: forwarding }
    if (forwarding.kind === 'not-due') return { moves, dueMs: forwarding.dueMs }
    moves.push(toMove(consumer, source, forwarding, nowMs))
  }
  return { moves }
}

async function callForwarder(
  { process, application, env }: ForwardingConsumer,
  record: LogRecord,
  nowMs: number,
): Promise<Forwarding | Failure | Unavailable | ConfigError> {
  if (record.oversizeBytes !== undefined)
    return failure('record-too-large', `the record has ${record.oversizeBytes} bytes: its value was not read`)
  try {
    const headers = record.headers.map(([name, bytes]) => [name, bytes && toBuffer(bytes)] as const)
    const forwarding = await process.forward({ ...record, headers }, nowMs)
    if (forwarding.kind !== 'forwarded') return forwarding
    const { topic } = forwarding.record
    const names = Object.keys(application.topics) as TopicName[]
    if (names.some(name => application.kafkaTopic(name, env) === topic)) return forwarding
    // Kafka cannot distinguish an unknown topic from a new one, and waiting for it would block the partition.
    return failure(
      'emission-refused',
      'the record is for a topic that the application does not have in this environment',
    )
  } catch (error) {
    const waits = error instanceof Unavailable || error instanceof ConfigError
    return waits ? error : unexpectedFailure(error)
  }
}

function toMove(
  consumer: ForwardingConsumer,
  source: LogRecord,
  forwarding: Exclude<Forwarding, { kind: 'not-due' }> | Failure,
  nowMs: number,
): Move {
  switch (forwarding.kind) {
    case 'forwarded': {
      const { topic, partition, key, value, headers } = forwarding.record
      const written = { topic, key, value, headers, ...(partition === undefined ? {} : { partition }) }
      return { source, decision: createDecision({ record: source }, 'applied', forwarding.reason), written }
    }
    case 'skipped':
      return { source, decision: createDecision({ record: source }, 'ignored', forwarding.reason) }
    case 'rejected':
      return toFailedMove(consumer, source, rejection(forwarding), nowMs)
    case 'failure':
      return toFailedMove(consumer, source, forwarding, nowMs)
  }
}

/**
 * Replaces a record by a failure record. The id of the failure is derived from the record's offset, so that a repeat can be
 * recognised.
 */
export function toFailedMove(
  consumer: ForwardingConsumer,
  source: LogRecord,
  failed: Failure,
  nowMs: number,
): Move {
  const remembered = createRememberedFailure(consumer.process.name, { record: source }, undefined, nowMs)
  const at = { offset: source.offset, index: 0 }
  const entry = createFailureRecord(consumer, source, failed, remembered, undefined, at)
  const decision = {
    ...createDecision({ record: source }, 'failed', failed.code),
    failure: failed,
    emitted: [entry],
  }
  return { source, decision, written: buildRecord(entry, consumer) }
}
