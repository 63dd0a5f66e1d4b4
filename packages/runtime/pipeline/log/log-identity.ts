/**
 * Checks that the log is the one that a partition state was computed from. Offsets alone cannot show this: a topic that was
 * recreated starts at 0 again, and once it has passed the applied offset, its first records would be taken for applied ones.
 */
import { carriesTime, type LogTime, withCarriedTime } from '../../cloudevents/log-time.ts'
import type { LogRecord } from '../../cloudevents/record.ts'
import { PartitionStopped } from '../errors.ts'
import { digestOf } from '../failures/failure-record.ts'
import type { OffsetRange, Snapshot, StateKey } from '../model.ts'
import type { LogReader } from '../ports.ts'

type Decided = Pick<Snapshot, 'version' | 'clock' | 'appliedDigest'>

/**
 * True if the record is at or before the applied offset, but was appended later than any record that the partition state has
 * seen, or differs from the record that it saw at the applied offset. Going by offsets would then silently lose records.
 */
function isOfAnotherLog({ version, clock, appliedDigest }: Decided, record: LogRecord): boolean {
  if (record.offset > version.appliedOffset) return false
  if (record.timestampMs > (clock.highestAppendMs ?? Infinity)) return true
  if (record.offset < version.appliedOffset || appliedDigest === undefined) return false
  // The setting that says whether carried times are used may have changed since.
  const isSameTime = record.timestampMs === clock.lastAppendMs || carriesTime(record)
  // A record that Lambda has decoded has other bytes than the log.
  return !isSameTime || (!record.decodedByLambda && digestOf(record) !== appliedDigest)
}

/** Interval of reading the record at the applied offset. Another log goes unseen only if it passes that offset in between. */
const CHECK_EVERY_MS = 60_000

/** When each partition's log was last found to be the same; kept between invocations. */
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

/** Checks the chunk and, now and then, the record at the applied offset. @throws PartitionStopped for another log, and as the reader */
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

/** How many offsets before the applied offset are read if the applied offset itself has no record. */
const NEARBY = 100

/**
 * Reads the record at the applied offset and compares it. If it has expired, nothing can be checked. If that offset has no record
 * (it is a transaction marker of another log, or was compacted), the append times of the records before it are checked instead.
 *
 * @throws PartitionStopped if it is another log; `Unavailable` as the reader does
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
    `${topic}/${partition} is another log than the state of ${consumer} was made from: its record at offset ${offset} is not ` +
      'the one that was decided. Was the topic deleted, or cut off?',
  )
}
