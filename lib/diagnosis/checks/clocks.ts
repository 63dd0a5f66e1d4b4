/** Clocks: events are judged by their producers' clocks, timers by those of the brokers, and people read ours. Pure. */
import { durationText } from '../../duration.ts'
import type { BatchFacts, RedisServer, TopicFacts } from '../facts.ts'
import { about, type Finding } from '../finding.ts'

/** More than NTP leaves between two machines, less than what a timer of a rule would notice. */
const TOLERANCE_MS = 5_000
/** The clock ticks each minute, and a run may take a while. */
const LONGEST_SILENCE_MS = 150_000

export function redisClockFinding({ address, clock }: RedisServer): Finding {
  const { ok, wrong, unknown } = about('clocks', 'redis', address)
  if ('unseen' in clock) return unknown(clock.unseen, 'It takes the command TIME.')
  const { theirsMs, oursMs, toleranceMs } = clock.seen
  const apartMs = theirsMs - oursMs
  if (Math.abs(apartMs) <= TOLERANCE_MS + toleranceMs) return ok('agrees with the clock of this machine')
  return wrong(
    `is ${durationText(Math.abs(apartMs))} ${apartMs > 0 ? 'ahead of' : 'behind'} the clock of this machine`,
    'Let both machines follow a time server (chrony, or Amazon Time Sync).',
  )
}

/** What the timestamps that brokers gave say of their clocks. @param nowMs milliseconds since the epoch, by the clock of this machine */
export function brokersClockFinding(topics: readonly TopicFacts[], nowMs: number): Finding {
  const { ok, wrong, unknown } = about('clocks', 'brokers', 'brokers')
  const seen = topics.flatMap(({ topic, found }) => {
    const newest = 'seen' in found ? (found.seen?.newest ?? { unseen: '' }) : { unseen: found.unseen }
    return [{ topic, newest }]
  })
  const times = seen.flatMap(({ topic, newest }) =>
    'unseen' in newest
      ? []
      : newest.seen.flatMap(({ batches }) => appended(batches).map(ms => ({ topic, ms }))),
  )
  const latest = times.reduce((one, other) => (other.ms > one.ms ? other : one), { topic: '', ms: 0 })
  if (times.length === 0) {
    const [why = 'no record has a time that a broker gave'] = seen.flatMap(({ newest }) =>
      'unseen' in newest && newest.unseen !== '' ? [newest.unseen] : [],
    )
    return unknown(why, 'It takes a record in a topic with LogAppendTime, and the right to read it.')
  }
  const aheadMs = latest.ms - nowMs
  return aheadMs > TOLERANCE_MS
    ? wrong(
        `the newest record of ${latest.topic} is ${durationText(aheadMs)} in the future of this machine's clock`,
        'Let the brokers and this machine follow a time server: timers count by the clock of the brokers.',
      )
    : ok("no record is in the future of this machine's clock")
}

function appended(batches: readonly BatchFacts[]): number[] {
  return batches.filter(({ isLogAppendTime }) => isLogAppendTime).map(({ timestampMs }) => timestampMs)
}

/**
 * Whether a topic whose consumers have timers has a tick in each partition.
 *
 * @param ticks whether the clock is meant to run
 */
export function tickFindings({ topic, wanted, found }: TopicFacts, nowMs: number, ticks: boolean): Finding[] {
  if (!wanted.isTicked || 'unseen' in found || found.seen === undefined) return []
  const { newest } = found.seen
  if ('unseen' in newest)
    return [about('clocks', 'ticks', topic).unknown(newest.unseen, 'It takes the right to read the topic.')]
  const times = newest.seen.map(({ partition, batches }) => ({
    partition,
    newestMs: appended(batches).at(-1),
  }))
  return [tickFinding(topic, times, nowMs, ticks)]
}

function tickFinding(
  topic: string,
  times: readonly { readonly partition: number; readonly newestMs: number | undefined }[],
  nowMs: number,
  ticks: boolean,
): Finding {
  const { ok, wrong } = about('clocks', 'ticks', topic)
  const silent = times.filter(
    ({ newestMs }) => newestMs === undefined || nowMs - newestMs > LONGEST_SILENCE_MS,
  )
  if (silent.length === 0) return ok('every partition had a tick within its last minutes')
  const [first] = silent
  const since =
    first?.newestMs === undefined ? 'none yet' : `the last ${durationText(nowMs - first.newestMs)} ago`
  return wrong(
    `${silent.length} of ${times.length} partitions have no tick (partition ${first?.partition}: ${since}): timers do not fire`,
    ticks
      ? 'Does the function clock run? `sluice logs clock` shows it here, CloudWatch in an account.'
      : 'SLUICE_SCHEDULES=off stops the clock: set it to on.',
  )
}
