/** The results of a run, as read by clients that are not part of the project. */
import { javaLines } from './java.ts'

/** A record of the fuzzing producer, and the result that the broker reported for it. */
export interface FuzzedRecord {
  readonly how: 'ack' | 'aborted' | 'open'
  readonly partition: number
  readonly offset: number
  readonly codec: string
  /** How it was sent: `plain`, `idempotent`, `transaction`, `open` or `raw`. */
  readonly manner: string
  readonly kind: string
}

/** Digests of what a producer wrote; `null` for missing parts. */
interface Digests {
  readonly key: string
  readonly value: string
  readonly headers: string
}

/** A record of the log that committed readers see. */
export interface Logged extends Digests {
  readonly partition: number
  readonly offset: number
  /** Id of the event, if the record has one; truncated to 200 bytes. */
  readonly id: string
  readonly source: string
  /** The size of the record in a failure record, in bytes. */
  readonly encodedBytes: number
}

/** A failure record or a dead letter, with the digests of the record that it is about. */
export interface FailureRecord extends Digests {
  readonly partition: number
  readonly offset: number
  readonly id: string
  readonly consumer: string
  readonly originalPartition: number
  readonly originalOffset: number
  readonly code: string
}

/** A topic as committed readers see it. */
export interface Topic<T> {
  readonly records: readonly T[]
  /** The offset at which reading ended, by partition. */
  readonly ends: readonly number[]
}

/** Parses a line of the producer; undefined for the last line. */
export function sentOf([how, ...fields]: readonly string[]): FuzzedRecord | 'refused' | undefined {
  if (how === 'refused') return 'refused'
  if (how !== 'ack' && how !== 'aborted' && how !== 'open') return undefined
  const [partition, offset, codec = '', manner = '', kind = ''] = fields
  return { how, partition: Number(partition), offset: Number(offset), codec, manner, kind }
}

/** Reads the three topics, one after another. */
export async function readTopics(
  brokers: readonly string[],
  topics: { readonly readings: string; readonly failures: string; readonly dlq: string },
  signal: AbortSignal,
): Promise<{ readings: Topic<Logged>; failures: Topic<FailureRecord>; deadLetters: Topic<FailureRecord> }> {
  const [readings, failures, deadLetters] = [
    emptyTopic<Logged>(),
    emptyTopic<FailureRecord>(),
    emptyTopic<FailureRecord>(),
  ]
  const ends = { record: readings.ends, failure: failures.ends, 'dead-letter': deadLetters.ends }
  const args = {
    brokers: brokers.join(','),
    topics: `record:${topics.readings},failure:${topics.failures},dead-letter:${topics.dlq}`,
  }
  for await (const [what, ...fields] of javaLines({ program: 'FuzzReader', args, heap: 768, signal })) {
    if (what === 'record') readings.records.push(loggedOf(fields))
    else if (what === 'failure') failures.records.push(failureOf(fields))
    else if (what === 'dead-letter') deadLetters.records.push(failureOf(fields))
    else ends[fields[0] as keyof typeof ends][Number(fields[1])] = Number(fields[2])
  }
  return { readings, failures, deadLetters }
}

function emptyTopic<T>(): { readonly records: T[]; readonly ends: number[] } {
  return { records: [], ends: [] }
}

function loggedOf(fields: readonly string[]): Logged {
  const [partition, offset, id = '', source = '', key = '', value = '', headers = '', bytes] = fields
  return {
    partition: Number(partition),
    offset: Number(offset),
    id: String(Buffer.from(id, 'base64')),
    source: String(Buffer.from(source, 'base64')),
    key,
    value,
    headers,
    encodedBytes: Number(bytes),
  }
}

/** Parses a failure record or a dead letter, which have the same fields. */
function failureOf(fields: readonly string[]): FailureRecord {
  const [partition, offset, id = '', consumer = '', ofPartition, ofOffset, code = ''] = fields
  const [key = '', value = '', headers = ''] = fields.slice(7)
  return {
    partition: Number(partition),
    offset: Number(offset),
    id,
    consumer,
    originalPartition: Number(ofPartition),
    originalOffset: Number(ofOffset),
    code,
    key,
    value,
    headers,
  }
}
