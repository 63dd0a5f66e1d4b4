/**
 * Checks the clocks of producers, brokers and this machine. Rules depend on the clocks of producers, timers on the brokers' clocks,
 * and displays on this machine's clock. Pure.
 */
import { durationText } from '../../support/duration.ts'
import type { BatchFacts, TopicFacts } from '../facts.ts'
import { createFinding, type Finding, runChecks, unknown, wrong } from '../finding.ts'
import { describeLog } from '../stalls.ts'

/**
 * Maximum difference between two clocks, in milliseconds. It is larger than typical NTP errors, and too small to affect the timers
 * of rules.
 */
const TOLERANCE_MS = 5_000
/** Maximum time between ticks, in milliseconds. The clock ticks every minute, and a run may take some time. */
const MAX_SILENCE_MS = 150_000

/**
 * Checks the brokers' clocks, using the timestamps that brokers assigned to records.
 *
 * @param nowMs current time of this machine, in milliseconds since the epoch
 */
export function checkBrokersClock(topics: readonly TopicFacts[], nowMs: number): Finding {
  const toFinding = (judgement: Parameters<typeof createFinding>[3]) =>
    createFinding('clocks', 'brokers', 'brokers', judgement)
  const times: { readonly topic: string; readonly ms: number }[] = []
  const unseen: Parameters<typeof unknown>[0][] = []
  for (const { topic, found } of topics) {
    const newest = 'seen' in found ? found.seen?.newest : found
    if (newest && 'unseen' in newest) unseen.push(newest)
    else
      for (const { batches } of newest?.seen ?? [])
        times.push(...listAppendTimes(batches).map(ms => ({ topic, ms })))
  }
  const [first = 'no record has a timestamp from a broker'] = unseen
  if (times.length === 0)
    return toFinding(
      unknown(first, 'This check needs a record in a topic with LogAppendTime, and permission to read it.'),
    )
  const latest = times.reduce((time, other) => (other.ms > time.ms ? other : time))
  const aheadMs = latest.ms - nowMs
  if (aheadMs <= TOLERANCE_MS) return toFinding("no record is in the future of this machine's clock")
  return toFinding(
    wrong(
      `the newest record of ${latest.topic} is ${durationText(aheadMs)} in the future of this machine's clock`,
      'Synchronise the brokers and this machine with a time server: timers use the clock of the brokers.',
    ),
  )
}

function listAppendTimes(batches: readonly BatchFacts[]): number[] {
  return batches.filter(({ isLogAppendTime }) => isLogAppendTime).map(({ timestampMs }) => timestampMs)
}

/**
 * Checks that each partition of a topic whose consumers have timers contains a recent tick.
 *
 * @param ticks true if the function `clock` is enabled
 */
export function checkTicks({ topic, wanted, found }: TopicFacts, nowMs: number, ticks: boolean): Finding[] {
  if (!wanted.isTicked || 'unseen' in found || found.seen === undefined) return []
  const { newest, partitions: all } = found.seen
  const checks = {
    ticks: (partitions: Extract<typeof newest, { seen: unknown }>['seen']) => {
      const times = partitions.map(({ partition, batches }) => ({
        partition,
        newestMs: listAppendTimes(batches).at(-1),
      }))
      const silent = times.filter(({ newestMs = 0 }) => nowMs - newestMs > MAX_SILENCE_MS)
      const [first] = silent
      const unread = all.length - times.length
      if (!first && unread > 0)
        return unknown(
          `the newest records of ${unread} of ${all.length} partitions could not be read`,
          'Check again in a minute. A partition without a leader cannot be read.',
        )
      if (!first) return 'every partition had a tick within its last minutes'
      const since =
        first.newestMs === undefined ? 'none yet' : `the last ${durationText(nowMs - first.newestMs)} ago`
      return wrong(
        `${silent.length} of ${all.length} partitions have no tick (partition ${first.partition}: ${since}): timers do not fire`,
        ticks
          ? `Check that the function clock runs, in its log (${describeLog('clock')}).`
          : 'SLUICE_SCHEDULES=off stops the clock: set it to on.',
      )
    },
  }
  return runChecks('clocks', topic, checks, newest, 'This check needs permission to read the topic.')
}
