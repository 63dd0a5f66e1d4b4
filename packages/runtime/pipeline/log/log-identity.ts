/**
 * Checks that a partition state was computed from the present log. Offsets alone cannot show this: a recreated topic starts at 0
 * again, and its first records could be mistaken for records that were applied before.
 */
import { carriesTime, type LogTime, withLogTime } from '../../cloudevents/log-time.ts'
import type { LogRecord } from '../../cloudevents/record.ts'
import { PartitionStopped } from '../errors.ts'
import { computeDigest } from '../model/fingerprint.ts'
import { getClockMs, type OffsetRange } from '../model/log.ts'
import { formatStateKey, type StateKey } from '../model/partition-state.ts'
import type { Snapshot } from '../model/snapshot.ts'
import type { LogReader } from '../ports.ts'

type AppliedPosition = Pick<Snapshot, 'version' | 'clock' | 'appliedDigest'>

/**
 * Returns true if the record must belong to another log. This is the case if its offset was already applied, and one of two
 * conditions is met. Either it was appended later than all records that the state has seen, or it differs from the record at the
 * applied offset. A comparison of offsets alone would silently lose such records.
 */
function isOfAnotherLog({ version, clock, appliedDigest }: AppliedPosition, record: LogRecord): boolean {
  if (record.offset > version.appliedOffset) return false
  const appendMs = getClockMs(record)
  if (appendMs > (clock.highestAppendMs ?? Infinity)) return true
  if (record.offset < version.appliedOffset || appliedDigest === undefined) return false
  // The setting for the append time may have changed since, so a record with an original timestamp in its header is accepted.
  const isSameTime = appendMs === clock.lastAppendMs || carriesTime(record)
  // The bytes of a record that Lambda has decoded differ from those in the log.
  return !isSameTime || (!record.decodedByLambda && computeDigest(record) !== appliedDigest)
}

/**
 * Interval at which the record at the applied offset is read again, in milliseconds. Another log remains undetected only if it
 * reaches that offset within one interval.
 */
const CHECK_EVERY_MS = 60_000

/** Times at which the log of each partition was last confirmed. They are kept from one invocation to the next. */
export class LogChecks {
  readonly #checkedAtMs = new Map<string, number>()
  /** Logs of other applications that the last batch was equal to, by partition state, see `foreign-log.ts`. */
  readonly confirmed = new Map<string, string>()
  /** Next offset at which a context is searched, by partition. */
  readonly searched = new Map<string, number>()

  isDue(stateKey: StateKey, nowMs: number): boolean {
    const atMs = this.#checkedAtMs.get(formatStateKey(stateKey))
    return atMs === undefined || Math.abs(nowMs - atMs) >= CHECK_EVERY_MS
  }

  markChecked(stateKey: StateKey, nowMs: number): void {
    this.#checkedAtMs.set(formatStateKey(stateKey), nowMs)
  }
}

/**
 * Checks the records of the chunk. Also checks the record at the applied offset from time to time.
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
  logChecks.markChecked(stateKey, nowMs())
}

/** Number of preceding offsets that are read if there is no record at the applied offset. */
const NEARBY = 100

/**
 * Reads the record at the applied offset and compares it. If the record has expired, nothing can be checked. If there is no record
 * at that offset, the append times of the preceding records are checked instead. For example, the record was compacted, or another
 * log has a transaction marker there.
 *
 * @throws PartitionStopped if it is another log; errors of the reader are passed on
 */
async function checkLog(
  log: LogReader,
  stateKey: StateKey,
  position: AppliedPosition,
  logTime: LogTime,
): Promise<void> {
  const { topic, partition } = stateKey
  const { appliedOffset } = position.version
  const look = async (range: OffsetRange) => {
    const looked = await log.read(topic, partition, range)
    const records = looked.records.map(record => withLogTime(record, logTime))
    const other = records.find(record => isOfAnotherLog(position, record))
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
