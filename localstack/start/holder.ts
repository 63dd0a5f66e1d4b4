/** Names the consumer that holds pending records without progress, in one line. Pure. */
import { count } from '../../lib/support/count.ts'
import { durationText, MINUTE_MS } from '../../lib/support/duration.ts'

/** Attempt of a consumer, as the trigger reports it. */
export interface Attempt {
  /** Number of the failed attempt, and its reason. */
  readonly failed?: { readonly attempt: number; readonly reason: string } | undefined
  /** Start of the invocation that has not answered. */
  readonly runningSinceMs?: number | undefined
}

/** Consumer with pending records. */
export interface Holder extends Attempt {
  readonly function: string
  readonly topic: string
  readonly pending: number
  readonly windowMs: number
  /** Time of its last progress. */
  readonly sinceMs: number
}

/** Processor time of a minute. */
export interface Machine {
  /** Number of cores that the functions had on average. */
  readonly cores: number
  /** Number of programs that run or wait for a core, on average. */
  readonly load: number
  readonly available: number
}

/** Returns the line about the consumer with the most records that has made no progress for a minute; undefined if there is none. */
export function describeHolder(
  holders: readonly Holder[],
  machine: Machine | undefined,
  nowMs: number,
): string | undefined {
  const idle = holders.filter(
    ({ pending, sinceMs, windowMs }) => pending > 0 && nowMs - sinceMs >= MINUTE_MS + windowMs,
  )
  const [held] = idle.toSorted((a, b) => b.pending - a.pending)
  if (!held) return undefined
  const { function: name, topic, pending, sinceMs } = held
  const slow = machine === undefined ? '' : describeMachine(machine)
  return `! ${name} has held ${count(pending, 'record')} of ${topic} for ${durationText(nowMs - sinceMs)}: ${describeAttempt(held, nowMs)}.${slow}`
}

function describeAttempt({ failed, runningSinceMs }: Attempt, nowMs: number): string {
  if (runningSinceMs !== undefined) {
    const before = failed ? `, after ${count(failed.attempt, 'failed attempt')}` : ''
    return `its invocation has run for ${durationText(nowMs - runningSinceMs)}${before}`
  }
  return failed ? `attempt ${failed.attempt} failed: ${failed.reason}` : 'no attempt is reported'
}

function describeMachine({ cores, load, available }: Machine): string {
  const had = ` In the last minute, the functions had ${cores.toFixed(1)} of ${count(available, 'core')}`
  return cores > 0 && load > available
    ? `${had}, and ${load.toFixed(0)} programs needed one: the machine is too slow.`
    : `${had}.`
}
