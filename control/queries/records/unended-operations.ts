/** Finds operations that have begun and not ended, by their audit events. */
import { isFailure, readEvent } from '#runtime/cloudevents'
import type { LogBounds, LogReader } from '#runtime/pipeline'
import { searchRecords } from '../../../lib/log/read-records.ts'
import validators from '../../../lib/schemas/compiled.js'
import type { EventType } from '../../../lib/schemas/event-types.ts'
import type { Audit } from '../../../lib/schemas/types.ts'
import { DAY_MS } from '../../../lib/support/duration.ts'
import { selectNewest } from './newest-ranges.ts'

export const AUDIT_TYPE = 'io.sluice.audit.v1' satisfies EventType

const LISTED_DAYS = 7
/** Maximum number of the newest records that are searched. */
const SEARCHED_RECORDS = 100_000

/** Audit events that were read, and where the next read of each partition begins. */
export interface ReadAudits {
  readonly audits: readonly Audit[]
  readonly ends: readonly number[]
}

/**
 * Returns the audit events of the last days.
 *
 * @param last what was read before, and is not read again
 * @throws the errors of `LogBounds.bounds` and `readRecords`
 */
export async function readAudits(
  connections: { log(): Promise<LogReader>; bounds(): Promise<LogBounds> },
  topic: string,
  nowMs: number,
  last?: ReadAudits,
): Promise<ReadAudits> {
  const [log, offsets] = await Promise.all([connections.log(), connections.bounds()])
  const sinceMs = nowMs - LISTED_DAYS * DAY_MS
  const found = await offsets.bounds(topic, sinceMs)
  const ranges = found.map(({ start, end, from = start }, partition) => {
    return { topic, partition, start: Math.max(start, from, last?.ends[partition] ?? 0), end }
  })
  const audits = (last?.audits ?? []).filter(({ endedAt }) => Date.parse(endedAt) > sinceMs)
  await searchRecords(log, selectNewest(ranges, SEARCHED_RECORDS).ranges, AUDIT_TYPE, record => {
    const event = readEvent(record)
    if (!isFailure(event) && event.type === AUDIT_TYPE && validators[AUDIT_TYPE]?.(event.data))
      audits.push(event.data as Audit)
  })
  return { audits, ends: found.map(({ end }) => end) }
}

/** Returns the operations without an end, oldest first. One that was carried out again, and then to its end, has ended. Pure. */
export function findUnended(audits: readonly Audit[]): Audit[] {
  const ends = audits.filter(({ outcome }) => outcome !== 'begun')
  const hasEnded = (one: Audit) =>
    ends.some(end =>
      end.startedAt === one.startedAt
        ? end.operation === one.operation
        : end.outcome === 'done' && end.startedAt > one.startedAt && toRequest(end) === toRequest(one),
    )
  return audits
    .filter(one => one.outcome === 'begun' && !hasEnded(one))
    .toSorted((a, b) => (a.startedAt < b.startedAt ? -1 : 1))
}

/** Returns what was requested, without its pace and the end of its time, which differ when a command is run again. */
function toRequest({ action, filter }: Audit): string {
  const { until: _, rate: __, ...conditions } = filter
  return JSON.stringify([action, Object.entries(conditions).sort()])
}

/** Returns what has not ended, and what to do about it. Pure. */
export function describeUnended(one: Audit): readonly [says: string, todo: string] {
  const { action, by, startedAt, operation, filter } = one
  const conditions = Object.entries(filter).map(([name, value]) => `, ${name} ${value.slice(0, 100)}`)
  return [
    `\`${action}\` of ${by} (operation ${operation}${conditions.join('')}) has begun at ${startedAt} and not ended`,
    `If it does not run any more, it was interrupted, and a part may be done. Run the command again, and it finishes the rest. It is listed until then, for at most ${LISTED_DAYS} days.`,
  ]
}
