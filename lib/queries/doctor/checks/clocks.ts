/** Clocks: events are judged by their producers' clocks, timers by those of the brokers, and people read ours. Pure. */
import { durationText } from '../../../duration.ts'
import type { RedisServer, TopicFacts } from '../facts.ts'
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

/**
 * What the timestamps that brokers gave say of their clock, and of the ticks.
 *
 * @param nowMs milliseconds since the epoch, by the clock of this machine
 * @param ticks whether the clock is meant to run
 */
export function logClockFindings(
  { topic, wanted, found }: TopicFacts,
  nowMs: number,
  ticks: boolean,
): Finding[] {
  if (wanted.timestamps !== 'LogAppendTime' || 'unseen' in found || found.seen === undefined) return []
  const { newest } = found.seen
  const brokers = about('clocks', 'brokers', topic)
  if ('unseen' in newest) return [brokers.unknown(newest.unseen, 'It takes the right to read the topic.')]
  const times = newest.seen.map(({ partition, batches }) => {
    const appended = batches.filter(({ isLogAppendTime }) => isLogAppendTime)
    return { partition, newestMs: appended.at(-1)?.timestampMs }
  })
  const known = times.flatMap(({ newestMs }) => newestMs ?? [])
  const aheadMs = Math.max(...known) - nowMs
  return [
    known.length === 0
      ? brokers.unknown('no broker has given a record of it a time yet')
      : aheadMs > TOLERANCE_MS
        ? brokers.wrong(
            `its newest record is ${durationText(aheadMs)} in the future of this machine's clock`,
            'Let the brokers and this machine follow a time server: timers count by the clock of the brokers.',
          )
        : brokers.ok("no record is in the future of this machine's clock"),
    ...(wanted.isTicked ? [tickFinding(topic, times, nowMs, ticks)] : []),
  ]
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
