/** Judges how long records wait for their consumers. Pure. */

import { computeSum, count } from '../../lib/support/count.ts'
import { durationText, MINUTE_MS } from '../../lib/support/duration.ts'
import type { ReadTopic } from '../environment/functions.ts'

/** Records of a topic that wait for a consumer. */
export interface WaitingRecords extends ReadTopic {
  /** Number of pending records. */
  readonly pending: number
  /**
   * Time for which the first of them has waited at least, in milliseconds, without the time in which the consumer waits for a full
   * batch; 0 without pending records, null if unknown.
   */
  readonly waitingMs: number | null
}

/** Waiting time from which a consumer is late, in milliseconds. */
const LATE_MS = MINUTE_MS
/** Waiting time from which it is an alarm, as in the runbook, in milliseconds. */
const ALARM_MS = 5 * MINUTE_MS
/** Waiting time of records that a consumer is just reading, in milliseconds. */
const BRIEFLY_MS = 5_000
/** Number of consumers that one sentence names. */
const NAMED = 3

/** Returns the tone of a waiting time: `warn` for a consumer that is late, and `bad` for an alarm. */
export function judgeWait(waitingMs: number): 'good' | 'warn' | 'bad' {
  return waitingMs >= ALARM_MS ? 'bad' : waitingMs >= LATE_MS ? 'warn' : 'good'
}

/** Returns the consumers for which records wait, the longest wait first, as one for each function. */
export function listWaiting<Waiting extends WaitingRecords>(all: readonly Waiting[]): Waiting[] {
  const byFunction = Map.groupBy(
    all.filter(({ pending }) => pending > 0),
    waiting => waiting.function,
  )
  const joined = [...byFunction.values()].flatMap(own => {
    const [longest] = own.toSorted(compareWaits)
    return longest ? [{ ...longest, pending: computeSum(own.map(({ pending }) => pending)) }] : []
  })
  return joined.sort(compareWaits)
}

function compareWaits(a: WaitingRecords, b: WaitingRecords): number {
  return (b.waitingMs ?? -1) - (a.waitingMs ?? -1)
}

/** Returns a phrase such as `3000 records wait at intake, for 16 min`. */
function describeWait({ function: name, pending, waitingMs }: WaitingRecords): string {
  const since = waitingMs === null || waitingMs < 1_000 ? '' : `, for ${durationText(waitingMs)}`
  return `${count(pending, 'record')} ${pending === 1 ? 'waits' : 'wait'} at ${name}${since}`
}

/** Returns a note for an answer that has no rows, perhaps because records still wait; none if nothing waits. */
export function describeWaiting(all: readonly WaitingRecords[]): string[] {
  const waiting = listWaiting(all).filter(({ waitingMs }) => waitingMs === null || waitingMs >= BRIEFLY_MS)
  if (waiting.length === 0) return []
  const rest = waiting.length - NAMED
  const named = waiting.slice(0, NAMED).map(describeWait)
  return [
    `Nothing so far, but not everything has been read: ${named.join('; ')}${rest > 0 ? `; and ${count(rest, 'other consumer')}` : ''}.`,
  ]
}
