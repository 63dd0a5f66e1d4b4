/** Reads events from records by the rules of the Kafka binding, as far as the ledger needs them, without the project's code. */
import { createHash } from 'node:crypto'
import type { KafkaRecord } from '../kafka/records.ts'

export interface LedgerEvent {
  readonly id: string
  readonly source: string
  readonly type: string
  readonly subject: string
  readonly time: string
  readonly timeMs: number
  readonly sequence: string
  // biome-ignore lint/suspicious/noExplicitAny: whatever JSON holds
  readonly data: any
  readonly entity: string
}

/** How far the time of an event may be ahead of its record. */
const FUTURE_TOLERANCE_MS = 5 * 60_000
const TICK = 'io.sluice.clock.tick.v1'
const ERASURE = 'io.sluice.entity.erased.v1'
export const READING = 'io.sluice.environment.reading.v1'

/** Begin of the origin of each reading of `intake`. */
export const MAPPED = 'intake:'

export function isMapped(record: KafkaRecord): boolean {
  return !record.isCompressed && (getOrigin(record)?.startsWith(MAPPED) ?? false)
}

export function getOrigin({ headers }: KafkaRecord): string | undefined {
  return headers.find(([name]) => name === 'ce_origin')?.[1].toString()
}

/** The event; or the outcome, `ignored/…` or `failed/…`, if it does not reach a process. */
export function readEvent(record: KafkaRecord, accepts: (type: string) => boolean): LedgerEvent | string {
  const headers = new Map(record.headers.map(([name, value]) => [name, String(value)]))
  const attribute = (name: string) => headers.get(`ce_${name}`) ?? ''
  if (![...headers.keys()].some(name => name.startsWith('ce_'))) return 'failed/not-a-cloudevent'
  const [id, source, type, time] = ['id', 'source', 'type', 'time'].map(attribute) as [
    string,
    string,
    string,
    string,
  ]
  if (id === '' || source === '' || type === '') return 'failed/malformed-event'
  const data = JSON.parse(String(record.value))
  // The only rules of the schemas that the ledger's records break.
  if (type === READING && typeof data.temperature !== 'number') return 'failed/schema-violated'
  if (type === ERASURE && data.erasureId === undefined) return 'failed/schema-violated'
  if (type === TICK) return 'ignored/tick'
  if (type === ERASURE) return 'ignored/erasure'
  if (!accepts(type)) return 'ignored/not-mine'
  const timeMs = Date.parse(time)
  if (timeMs - record.timestampMs > FUTURE_TOLERANCE_MS) return 'failed/time-in-future'
  const subject = attribute('subject')
  const entity = `${source} ${subject}`
  return { id, source, type, subject, time, timeMs, sequence: attribute('sequence'), data, entity }
}

/** The content that events with the same id must share. */
export function formatContent({ type, subject, time, data }: LedgerEvent): string {
  return JSON.stringify([type, subject, time, data])
}

/** Derives an id: 128 bits of SHA-256 over the parts, each preceded by its length in bytes and a colon. */
export function createId(...parts: readonly (string | number)[]): string {
  const text = parts.map(part => `${Buffer.byteLength(String(part))}:${part}`).join('')
  return createHash('sha256').update(text).digest().toString('base64url', 0, 16)
}
