/** Headers of a redriven record: beside the original bytes, they name the consumer that failed to process it. */
import { textOf } from './header-bytes.ts'
import type { LogRecord, RecordHeader } from './record.ts'

/** Prefix of the runtime's own headers, which are not part of the original record. */
const OWN = 'sluice-'
const CONSUMER = `${OWN}redrive-consumer`
const FAILURE = `${OWN}redrive-failure`
const ATTEMPT = `${OWN}redrive-attempt`

/** The consumer that a redriven record is for, and the failure and attempt that it belongs to. */
export interface RedriveTarget {
  readonly consumer: string
  /** Id of the failure; the same for all attempts. */
  readonly failure: string
  /** Number of the next attempt, 2 or more; NaN if the header is not a valid number. */
  readonly attempt: number
}

/** Undefined for a record that is not redriven: it is for every consumer. */
export function redriveTargetOf({ headers }: Pick<LogRecord, 'headers'>): RedriveTarget | undefined {
  const consumer = text(headers, CONSUMER)
  if (consumer === undefined) return undefined
  const attempt = text(headers, ATTEMPT) ?? ''
  return {
    consumer,
    failure: text(headers, FAILURE) ?? '',
    attempt: /^[1-9]\d{0,8}$/.test(attempt) ? Number(attempt) : Number.NaN,
  }
}

/** The headers that a redrive appends to the original ones. */
export function redriveHeaders({ consumer, failure, attempt }: RedriveTarget): RecordHeader<Buffer>[] {
  return [
    [CONSUMER, Buffer.from(consumer)],
    [FAILURE, Buffer.from(failure)],
    [ATTEMPT, Buffer.from(String(attempt))],
  ]
}

/** The headers that the producer wrote. */
export function originalHeaders({ headers }: Pick<LogRecord, 'headers'>): readonly RecordHeader[] {
  return headers.some(isOwn) ? headers.filter(header => !isOwn(header)) : headers
}

function isOwn([name]: RecordHeader): boolean {
  return name.startsWith(OWN)
}

function text(headers: readonly RecordHeader[], name: string): string | undefined {
  const header = headers.find(([candidate]) => candidate === name)
  return header && (textOf(header[1]) ?? '')
}
