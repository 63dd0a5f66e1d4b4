/** Finds operations that have begun and not ended, by their audit events. */
import { isFailure, type LogRecord, readEvent } from '#runtime/cloudevents'
import type { LogBounds, LogReader } from '#runtime/pipeline'
import validators from '../../schemas/compiled.js'
import type { EventType } from '../../schemas/event-types.ts'
import type { Audit } from '../../schemas/types.ts'
import { DAY_MS } from '../../support/duration.ts'
import { selectNewest } from './newest-ranges.ts'
import { searchRecords } from './read-records.ts'

export const AUDIT_TYPE = 'io.sluice.audit.v1' satisfies EventType

const LISTED_DAYS = 7
/** Maximum number of the newest records that are searched. */
const MOST = 100_000

/**
 * Returns the audit events of operations that have begun in the last days and not ended, oldest first.
 *
 * @param topic topic of the audit events
 * @throws the errors of `LogBounds.bounds` and `readRecords`
 */
export async function readUnendedOperations(
  { log, bounds }: { readonly log: LogReader; readonly bounds: LogBounds },
  topic: string,
  nowMs: number,
): Promise<Audit[]> {
  const found = await bounds.bounds(topic, nowMs - LISTED_DAYS * DAY_MS)
  const ranges = found.map(({ start, end, from = start }, partition) => {
    return { topic, partition, start: Math.max(start, from), end }
  })
  const audits: Audit[] = []
  const keep = (record: LogRecord) => {
    const event = readEvent(record)
    if (isFailure(event) || event.type !== AUDIT_TYPE || !validators[AUDIT_TYPE]?.(event.data)) return
    audits.push(event.data as Audit)
  }
  await searchRecords(log, selectNewest(ranges, MOST).ranges, AUDIT_TYPE, keep)
  return findUnended(audits)
}

/** Returns the operations without an end. One that was carried out again, and then to its end, has ended. Pure. */
export function findUnended(audits: readonly Audit[]): Audit[] {
  const ends = audits.filter(({ outcome }) => outcome !== 'begun')
  const ended = new Set(ends.map(({ operation }) => operation))
  const isRepeated = (one: Audit) =>
    ends.some(
      end => end.outcome === 'done' && end.startedAt > one.startedAt && toRequest(end) === toRequest(one),
    )
  return audits
    .filter(one => one.outcome === 'begun' && !ended.has(one.operation) && !isRepeated(one))
    .toSorted((a, b) => (a.startedAt < b.startedAt ? -1 : 1))
}

/** Returns what was requested, without its pace and the end of its time, which differ when a command is run again. */
function toRequest({ action, filter }: Audit): string {
  const { until: _, rate: __, ...conditions } = filter
  return JSON.stringify([action, Object.entries(conditions).sort()])
}

/** Returns what has not ended, and what to do about it. Pure. */
export function describeUnended({
  action,
  by,
  startedAt,
  operation,
  filter,
}: Audit): readonly [says: string, todo: string] {
  const conditions = Object.entries(filter).map(([name, value]) => `, ${name} ${value.slice(0, 100)}`)
  return [
    `\`${action}\` of ${by} (operation ${operation}${conditions.join('')}) has begun at ${startedAt} and not ended`,
    `If it does not run any more, it was interrupted, and a part may be done. Run the command again, and it finishes the rest. It is listed until then, for at most ${LISTED_DAYS} days.`,
  ]
}
