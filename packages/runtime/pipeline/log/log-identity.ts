/**
 * Checks that the log is the one that a partition state was computed from. Offsets alone cannot show this: a recreated topic starts
 * at 0 again, and its first records would be mistaken for records that were applied before.
 */
import { carriesTime, type LogTime, withCarriedTime } from '../../cloudevents/log-time.ts'
import type { LogRecord } from '../../cloudevents/record.ts'
import { PartitionStopped } from '../errors.ts'
import { digestOf } from '../failures/failure-record.ts'
import type { OffsetRange, Snapshot, StateKey } from '../model.ts'
import type { LogReader } from '../ports.ts'

type Decided = Pick<Snapshot, 'version' | 'clock' | 'appliedDigest'>

/**
 * Returns true if the record is at or before the applied offset, but was appended later than any record that
 * the partition state has seen, or differs from the record that it saw at the applied offset. A comparison of
 * offsets alone would silently lose such records.
 */
function isOfAnotherLog({ version, clock, appliedDigest }: Decided, record: LogRecord): boolean {
  if (record.offset > version.appliedOffset) return false
  if (record.timestampMs > (clock.highestAppendMs ?? Infinity)) return true
  if (record.offset < version.appliedOffset || appliedDigest === undefined) return false
  // The setting for carried times may have changed since.
  const isSameTime = record.timestampMs === clock.lastAppendMs || carriesTime(record)
  // The bytes of a record that Lambda has decoded differ from those in the log.
  return !isSameTime || (!record.decodedByLambda && digestOf(record) !== appliedDigest)
}

/**
 * Interval for reading the record at the applied offset, in milliseconds. A different log remains undetected
 * only if it passes that offset within the interval.
 */
const CHECK_EVERY_MS = 60_000

/** Times at which each partition's log was last confirmed, kept between invocations. */
export class LogChecks {
  readonly #checkedAtMs = new Map<string, number>()

  isDue({ consumer, topic, partition }: StateKey, nowMs: number): boolean {
    const atMs = this.#checkedAtMs.get(`${consumer} ${topic} ${partition}`)
    return atMs === undefined || Math.abs(nowMs - atMs) >= CHECK_EVERY_MS
  }

  done({ consumer, topic, partition }: StateKey, nowMs: number): void {
    this.#checkedAtMs.set(`${consumer} ${topic} ${partition}`, nowMs)
  }
}

/**
 * Checks the chunk and, periodically, the record at the applied offset.
 *
 * @throws PartitionStopped if it is another log; errors of the reader are passed on
 */
export async function ensureSameLog(
  log: LogReader,
  stateKey: StateKey,
  snapshot: Snapshot,
  chunk: readonly LogRecord[],
  logTime: LogTime,
  { nowMs, logChecks }: { readonly nowMs: () => number; readonly logChecks: LogChecks },
): Promise<void> {
  const other = chunk.find(record => isOfAnotherLog(snapshot, record))
  if (other) throw anotherLog(stateKey, other.offset)
  if (snapshot.appliedDigest === undefined || !logChecks.isDue(stateKey, nowMs())) return
  await checkLog(log, stateKey, snapshot, logTime)
  logChecks.done(stateKey, nowMs())
}

/** Number of offsets before the applied offset that are read if the applied offset itself has no record. */
const NEARBY = 100

/**
 * Reads the record at the applied offset and compares it. If it has expired, nothing can be checked. If that offset has no record
 * (a transaction marker of another log, or a compacted record), the append times of the records before it are checked instead.
 *
 * @throws PartitionStopped if it is another log; errors of the reader are passed on
 */
async function checkLog(
  log: LogReader,
  stateKey: StateKey,
  decided: Decided,
  logTime: LogTime,
): Promise<void> {
  const { topic, partition } = stateKey
  const { appliedOffset } = decided.version
  const look = async (range: OffsetRange) => {
    const looked = await log.read(topic, partition, range)
    const records = logTime === 'carried' ? looked.records.map(withCarriedTime) : looked.records
    const other = records.find(record => isOfAnotherLog(decided, record))
    if (other) throw anotherLog(stateKey, other.offset)
    return looked
  }
  const { records, logStart } = await look({ fromOffset: appliedOffset, toOffset: appliedOffset })
  if (logStart > appliedOffset || records.some(({ offset }) => offset === appliedOffset)) return
  const fromOffset = Math.max(logStart, appliedOffset - NEARBY)
  if (fromOffset < appliedOffset) await look({ fromOffset, toOffset: appliedOffset })
}

function anotherLog({ consumer, topic, partition }: StateKey, offset: number): PartitionStopped {
  return new PartitionStopped(
    'another-log',
    `${topic}/${partition} is not the log that the state of ${consumer} was computed from: its record at offset ${offset} differs from ` +
      'the record that was applied. Check whether the topic was deleted or truncated',
  )
}
