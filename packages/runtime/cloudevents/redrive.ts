/** Headers that are added to a redriven record. They identify the consumer that failed to process the record. */

import type { FailedAttempt } from '../consumer/failure-event.ts'
import { omitUndefined } from '../consumer/omit-undefined.ts'
import { isTimestamp } from './attributes.ts'
import { decodeText, type HeaderBytes } from './header-bytes.ts'
import type { LogRecord, RecordHeader } from './record.ts'

/** Prefix of headers that the runtime adds and that are not part of the original record. */
const OWN = 'sluice-'
const CONSUMER = `${OWN}redrive-consumer`
const FAILURE = `${OWN}redrive-failure`
const ATTEMPT = `${OWN}redrive-attempt`
const HISTORY = `${OWN}redrive-history`
const PLACE = `${OWN}redrive-place`
const TOPIC = `${OWN}redrive-topic`
const LOG = `${OWN}redrive-log`
const RECEIVERS = `${OWN}redrive-receivers`

/** Maximum number of attempts in the headers, and their maximum size. If there are more, only the newest attempts are kept. */
const MAX_ATTEMPTS = 20
const MAX_HISTORY_BYTES = 16 * 1024
/** Maximum length of a text in the headers. A consumer never writes a longer text. */
const MAX_TEXT_LENGTH = 1_000
/** Messages are first truncated to this length, before whole attempts are omitted. */
const SHORT_TEXT = 200

/** Consumer for which a record is redriven, with the failure and the number of the attempt. */
export interface RedriveTarget {
  readonly consumer: string
  /** Id of the failure, which is the same for all attempts. */
  readonly failure: string
  /** Number of the next attempt, 2 or more; NaN if the header is not a valid number. */
  readonly attempt: number
  /** Digest of the record that failed, if it is known otherwise than from the bytes. No header contains it. */
  readonly digest?: string
  /** Original position of the record; absent if the header is missing or malformed. */
  readonly place?: RecordPlace
  /** Receivers of a sink that have not accepted the event; absent if the record is for all. */
  readonly receivers?: readonly string[]
}

export interface RecordPlace {
  /** Topic of another application, into which nothing is written; absent if the record is redriven into its own topic. */
  readonly topic?: string
  /** Identity of the log of that topic; absent if it is unknown. */
  readonly log?: string
  readonly partition: number
  readonly offset: number
  /** Append time of the original record, in milliseconds since the epoch; absent in records of earlier versions. */
  readonly timestampMs?: number
}

/** Headers of a redriven record. */
export interface Redrive extends RedriveTarget {
  /** Attempts so far, the oldest first. */
  readonly history: readonly FailedAttempt[]
}

/** Returns the target of a redriven record; undefined for any other record, which is intended for every consumer. */
export function readRedriveTarget({ headers }: Pick<LogRecord, 'headers'>): RedriveTarget | undefined {
  const consumer = text(headers, CONSUMER)
  if (consumer === undefined) return undefined
  const attempt = text(headers, ATTEMPT) ?? ''
  return omitUndefined({
    consumer,
    failure: text(headers, FAILURE) ?? '',
    attempt: /^[1-9]\d{0,8}$/.test(attempt) ? Number(attempt) : Number.NaN,
    place: readPlace(headers),
    receivers: parseReceivers(text(headers, RECEIVERS)),
  })
}

/** Partition, offset and append time, such as `3:17:1772366400000`. */
const PLACE_FORM = /^(\d{1,9}):(\d{1,15})(?::(?:(\d{1,15})|.*))?$/

function readPlace(headers: LogRecord['headers']): RecordPlace | undefined {
  const [, partition, offset, timestampMs] = PLACE_FORM.exec(text(headers, PLACE) ?? '') ?? []
  if (partition === undefined) return undefined
  const topic = text(headers, TOPIC)
  return omitUndefined({
    ...(topic === undefined ? {} : { topic, log: text(headers, LOG) }),
    partition: Number(partition),
    offset: Number(offset),
    timestampMs: timestampMs === undefined ? undefined : Number(timestampMs),
  })
}

/** Returns the names in the header. Any client may write it, so an invalid header counts as absent. */
function parseReceivers(header: string | undefined): readonly string[] | undefined {
  try {
    const names: unknown = JSON.parse(header ?? 'null')
    return Array.isArray(names) && names.every(isText) ? names : undefined
  } catch {
    return undefined
  }
}

/** Returns the headers that a redrive appends to the original headers. If the history is long, the oldest attempts are omitted. */
export function buildRedriveHeaders(redrive: Redrive): RecordHeader<Buffer>[] {
  const { consumer, failure, attempt, history, place, receivers } = redrive
  const headers = omitUndefined({
    [CONSUMER]: consumer,
    [FAILURE]: failure,
    [ATTEMPT]: String(attempt),
    [HISTORY]: selectNewest(history).text,
    [PLACE]: place && formatPlace(place),
    [TOPIC]: place?.topic,
    [LOG]: place?.log,
    [RECEIVERS]: receivers && JSON.stringify(receivers),
  })
  return Object.entries(headers).map(([name, value]) => [name, Buffer.from(value)])
}

function formatPlace({ partition, offset, timestampMs }: RecordPlace): string {
  return [partition, offset, timestampMs].filter(part => part !== undefined).join(':')
}

/**
 * Returns the earlier attempts that the headers of a record contain. Any client may write these headers, so invalid entries are
 * ignored.
 */
export function readRedriveHistory({ headers }: Pick<LogRecord, 'headers'>): readonly FailedAttempt[] {
  try {
    const attempts: unknown = JSON.parse(text(headers, HISTORY) ?? '[]')
    return Array.isArray(attempts)
      ? selectNewest(attempts.flatMap(attempt => parseAttempt(attempt) ?? [])).kept
      : []
  } catch {
    return []
  }
}

/**
 * Returns the attempts to keep, and their JSON. The JSON is returned so that it is serialized only once, because many records are
 * redriven at a time.
 */
function selectNewest(history: readonly FailedAttempt[]) {
  let attempts = history.length > MAX_ATTEMPTS ? history.slice(-MAX_ATTEMPTS) : history
  let text = JSON.stringify(attempts)
  if (isSmall(text)) return { kept: attempts, text }
  attempts = attempts.map(attempt => ({ ...attempt, error: start(attempt.error, SHORT_TEXT) }))
  for (text = JSON.stringify(attempts); !isSmall(text); text = JSON.stringify(attempts))
    attempts = attempts.slice(1)
  return { kept: attempts, text }
}

function isSmall(text: string): boolean {
  return Buffer.byteLength(text) <= MAX_HISTORY_BYTES
}

/** Parses an attempt. It must match the schema of a failure, because the failure of the next attempt will contain it. */
function parseAttempt(entry: unknown): FailedAttempt | undefined {
  const found = (entry ?? {}) as Partial<FailedAttempt>
  const { attempt, failedAt, errorType, error, redrivenBy, redrivenAt } = found
  const isValid =
    Number.isSafeInteger(attempt) &&
    (attempt as number) >= 1 &&
    isTime(failedAt) &&
    isText(errorType) &&
    typeof error === 'string' &&
    (redrivenBy === undefined || isText(redrivenBy)) &&
    (redrivenAt === undefined || isTime(redrivenAt))
  if (!isValid) return undefined
  return omitUndefined({
    attempt: attempt as number,
    failedAt,
    errorType,
    error: start(error, MAX_TEXT_LENGTH),
    redrivenBy,
    redrivenAt,
  })
}

function isText(text: unknown): text is string {
  return typeof text === 'string' && text !== '' && text.length <= MAX_TEXT_LENGTH
}

function isTime(text: unknown): text is string {
  return isText(text) && isTimestamp(text)
}

function start(text: string, length: number): string {
  return text.slice(0, length).toWellFormed()
}

/** Position and append time of a record, or those of the record that failed if it is redriven from a topic of another application. */
export type OriginalRecord = Pick<LogRecord, 'topic' | 'log' | 'partition' | 'offset' | 'timestampMs'>

/** Returns a record, or the position at which it failed if that is in a topic of another application. */
export function findOriginal<R extends OriginalRecord>(
  record: R,
  redriveTarget: RedriveTarget | undefined,
): R {
  return redriveTarget?.place?.topic === undefined ? record : { ...record, ...redriveTarget.place }
}

/** Returns the headers that the producer wrote. */
export function originalHeaders<Bytes extends HeaderBytes>(record: {
  readonly headers: readonly RecordHeader<Bytes>[]
}): readonly RecordHeader<Bytes>[] {
  const { headers } = record
  return headers.some(isOwn) ? headers.filter(header => !isOwn(header)) : headers
}

function isOwn([name]: RecordHeader): boolean {
  return name.startsWith(OWN)
}

function text(headers: readonly RecordHeader[], name: string): string | undefined {
  const header = headers.find(([candidate, value]) => candidate === name && value !== null)
  return header && (decodeText(header[1]) ?? '')
}
