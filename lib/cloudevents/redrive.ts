/** How a record says that it comes back: headers that name who had failed at it, beside the original bytes. */
import { textOf } from './header-bytes.ts'
import type { LogRecord, RecordHeader } from './record.ts'

/** Headers of the runtime's own begin so; they are no part of the original record. */
const OWN = 'sluice-'
const CONSUMER = `${OWN}redrive-consumer`
const FAILURE = `${OWN}redrive-failure`
const ATTEMPT = `${OWN}redrive-attempt`

/** Whom a redriven record is for, and as what. */
export interface Aim {
  readonly consumer: string
  /** Id of the failure, the same for all attempts. */
  readonly failure: string
  /** Of the coming one, 2 or more; NaN where the header is no such number. */
  readonly attempt: number
}

/** Undefined for a record that nobody redrives: it is for every consumer. */
export function aimOf({ headers }: Pick<LogRecord, 'headers'>): Aim | undefined {
  const consumer = text(headers, CONSUMER)
  if (consumer === undefined) return undefined
  const attempt = text(headers, ATTEMPT) ?? ''
  return {
    consumer,
    failure: text(headers, FAILURE) ?? '',
    attempt: /^[1-9]\d{0,8}$/.test(attempt) ? Number(attempt) : Number.NaN,
  }
}

/** The headers of a redriven record, to stand behind the original ones. */
export function redriveHeaders({ consumer, failure, attempt }: Aim): RecordHeader<Buffer>[] {
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
