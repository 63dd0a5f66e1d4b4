/** Checks of clocks: events are judged by their producers' clocks, timers by those of the brokers, and people read ours. Pure. */
import { durationText } from '../../duration.ts'
import type { BatchFacts, RedisServer, TopicFacts } from '../facts.ts'
import { type Finding, finding, judged, unknown, wrong } from '../finding.ts'

/** More than NTP leaves between two machines, less than what a timer of a rule would notice. */
const TOLERANCE_MS = 5_000
/** The clock ticks each minute, and a run may take a while. */
const MAX_SILENCE_MS = 150_000

export function redisClockFindings({ address, clock }: RedisServer): Finding[] {
  return judged('clocks', address, { redis: redisClock }, clock, 'It takes the command TIME.')
}

function redisClock(clock: { theirsMs: number; oursMs: number; toleranceMs: number }) {
  const apartMs = clock.theirsMs - clock.oursMs
  if (Math.abs(apartMs) <= TOLERANCE_MS + clock.toleranceMs) return 'agrees with the clock of this machine'
  return wrong(
    `is ${durationText(Math.abs(apartMs))} ${apartMs > 0 ? 'ahead of' : 'behind'} the clock of this machine`,
    'Let both machines follow a time server (chrony, or Amazon Time Sync).',
  )
}

/** Judges the brokers' clocks by the timestamps that they gave. @param nowMs milliseconds since the epoch, by the clock of this machine */
export function brokersClockFinding(topics: readonly TopicFacts[], nowMs: number): Finding {
  const found = (judgement: Parameters<typeof finding>[3]) =>
    finding('clocks', 'brokers', 'brokers', judgement)
  const times: { readonly topic: string; readonly ms: number }[] = []
  const unseen: string[] = []
  for (const { topic, found } of topics) {
    const newest = 'seen' in found ? found.seen?.newest : found
    if (newest && 'unseen' in newest) unseen.push(newest.unseen)
    else
      for (const { batches } of newest?.seen ?? [])
        times.push(...appended(batches).map(ms => ({ topic, ms })))
  }
  const [first = 'no record has a time that a broker gave'] = unseen
  if (times.length === 0)
    return found(unknown(first, 'It takes a record in a topic with LogAppendTime, and the right to read it.'))
  const latest = times.reduce((one, other) => (other.ms > one.ms ? other : one))
  const aheadMs = latest.ms - nowMs
  if (aheadMs <= TOLERANCE_MS) return found("no record is in the future of this machine's clock")
  return found(
    wrong(
      `the newest record of ${latest.topic} is ${durationText(aheadMs)} in the future of this machine's clock`,
      'Let the brokers and this machine follow a time server: timers count by the clock of the brokers.',
    ),
  )
}

function appended(batches: readonly BatchFacts[]): number[] {
  return batches.filter(({ isLogAppendTime }) => isLogAppendTime).map(({ timestampMs }) => timestampMs)
}

/**
 * Checks that a topic whose consumers have timers has a recent tick in each partition.
 *
 * @param ticks whether the clock is meant to run
 */
export function tickFindings({ topic, wanted, found }: TopicFacts, nowMs: number, ticks: boolean): Finding[] {
  if (!wanted.isTicked || 'unseen' in found || found.seen === undefined) return []
  const { newest } = found.seen
  const checks = {
    ticks: (partitions: Extract<typeof newest, { seen: unknown }>['seen']) => {
      const times = partitions.map(({ partition, batches }) => ({
        partition,
        newestMs: appended(batches).at(-1),
      }))
      const silent = times.filter(({ newestMs = 0 }) => nowMs - newestMs > MAX_SILENCE_MS)
      const [first] = silent
      if (!first) return 'every partition had a tick within its last minutes'
      const since =
        first.newestMs === undefined ? 'none yet' : `the last ${durationText(nowMs - first.newestMs)} ago`
      return wrong(
        `${silent.length} of ${times.length} partitions have no tick (partition ${first.partition}: ${since}): timers do not fire`,
        ticks
          ? 'Does the function clock run? `sluice logs clock` shows it here, CloudWatch in an account.'
          : 'SLUICE_SCHEDULES=off stops the clock: set it to on.',
      )
    },
  }
  return judged('clocks', topic, checks, newest, 'It takes the right to read the topic.')
}
