/** The checklist of consumers: commits, state, lag, dead letters, and the end of an invocation. Pure. */
import { durationText } from '../../duration.ts'
import type { ConsumerFacts, PartitionProgress } from '../facts.ts'
import { about, type Finding } from '../finding.ts'
import { positionFindings } from './positions.ts'

/** As the alarms have it. */
const MOST_PENDING = 10_000
const LONGEST_WAIT_SECONDS = 300

/** @param nowMs milliseconds since the epoch */
export function consumerFindings(consumer: ConsumerFacts, nowMs: number): Finding[] {
  const subject = `${consumer.function} on ${consumer.topic}`
  const { partitions } = consumer
  const fixed = [
    breakerFinding(subject, consumer, nowMs),
    deadLettersFinding(subject, consumer),
    shutdownFinding(subject, consumer),
  ]
  if ('unseen' in partitions)
    return [
      ...fixed,
      about('consumers', 'commits', subject).unknown(partitions.unseen, GROUP_RIGHTS),
      about('consumers', 'lag', subject).unknown(partitions.unseen, GROUP_RIGHTS),
    ]
  return [
    readersFinding(subject, consumer, partitions.seen),
    lagFinding(subject, consumer, partitions.seen),
    ...positionFindings(subject, consumer, partitions.seen),
    outboxFinding(subject, partitions.seen),
    ...fixed,
  ]
}

const GROUP_RIGHTS = 'It takes the rights to describe the topic and the group.'

function pendingIn({ start, end, committedAfter }: PartitionProgress): number {
  return Math.max(0, end - Math.max(start, committedAfter))
}

function sumOf(counts: readonly number[]): number {
  return counts.reduce((sum, count) => sum + count, 0)
}

function readersFinding(
  subject: string,
  { group, state }: ConsumerFacts,
  partitions: readonly PartitionProgress[],
): Finding {
  const { ok, wrong, unknown } = about('consumers', 'readers', subject)
  if ('unseen' in state) return unknown(state.unseen, GROUP_RIGHTS)
  const pending = sumOf(partitions.map(pendingIn))
  const { members } = state.seen
  switch (state.seen.state) {
    case 'stable':
      return ok(members === 1 ? '1 member reads it' : `${members} members read it`)
    case 'rebalancing':
      return unknown(
        `the group ${group} is rebalancing`,
        'Look again in a minute: a group that never settles loses members all the time.',
      )
    case 'unknown':
      return unknown(`Kafka does not tell the state of the group ${group}`, GROUP_RIGHTS)
    default:
      return pending === 0
        ? ok('nobody reads, and nothing waits')
        : wrong(
            `${pending} records wait, and the group ${group} has no members`,
            'Is the function deployed, and its event source mapping enabled? It continues where it was.',
          )
  }
}

function lagFinding(
  subject: string,
  { function: name }: ConsumerFacts,
  partitions: readonly PartitionProgress[],
): Finding {
  const { ok, wrong, unknown } = about('consumers', 'lag', subject)
  const pending = sumOf(partitions.map(pendingIn))
  if (pending === 0) return ok('nothing waits')
  const waits = Math.max(0, ...partitions.map(({ waitsSeconds }) => waitsSeconds ?? 0))
  const isUnread = partitions.some(one => one.waitsSeconds === null && pendingIn(one) > 0)
  const many = pending === 1 ? '1 record waits' : `${pending} records wait`
  if (pending > MOST_PENDING || waits > LONGEST_WAIT_SECONDS)
    return wrong(
      `${many}, the oldest for ${isUnread ? 'at least ' : ''}${durationText(waits * 1000)}`,
      `\`sluice groups lag\` shows each partition; docs/troubleshooting.md says why lag grows. If one is stalled: \`sluice skip ${name}\`.`,
    )
  return isUnread
    ? unknown(`${many}, and it cannot be read for how long`, 'It takes the right to read the topic.')
    : ok(`${many}, the oldest for ${durationText(waits * 1000)}`)
}

/** Emissions leave after the commit; what stays has not been published, and leaves with the next batch. */
function outboxFinding(subject: string, partitions: readonly PartitionProgress[]): Finding {
  const { ok, wrong, unknown } = about('consumers', 'published', subject)
  if (partitions.some(({ outbox }) => outbox === null))
    return unknown('Redis does not tell what waits to be published')
  const waiting = sumOf(partitions.map(({ outbox }) => outbox ?? 0))
  const isStalled = partitions.some(one => (one.outbox ?? 0) > 0 && pendingIn(one) === 0)
  if (!isStalled)
    return ok(waiting === 0 ? 'all that it emitted is acknowledged' : `${waiting} emissions are on their way`)
  return wrong(
    `${waiting} emissions are committed and not published, and no record is on its way that would bring the next batch`,
    'They leave with the next batch of their partition: does the clock tick? `sluice state show` names the oldest.',
  )
}

function breakerFinding(
  subject: string,
  { function: name, breakerOpenUntilMs }: ConsumerFacts,
  nowMs: number,
): Finding {
  const { ok, wrong, unknown } = about('consumers', 'breaker', subject)
  if ('unseen' in breakerOpenUntilMs) return unknown(breakerOpenUntilMs.unseen)
  const untilMs = breakerOpenUntilMs.seen
  return untilMs === undefined || untilMs <= nowMs
    ? ok('its circuit breaker is closed')
    : wrong(
        `its circuit breaker is open until ${new Date(untilMs).toISOString()}: nearly all of its records failed unexpectedly, and wait in Kafka`,
        `Mend its code and deploy it, or \`sluice breaker reset ${name}\`.`,
      )
}

function deadLettersFinding(subject: string, { writesFailures }: ConsumerFacts): Finding {
  const { ok, wrong } = about('consumers', 'dead-letters', subject)
  return writesFailures
    ? ok('what it cannot process leaves as a failure, and does not block')
    : wrong(
        'what it cannot process has nowhere to go',
        'Give its entry in serverless.yml the topic of failures in emits.',
      )
}

function shutdownFinding(subject: string, { timeoutMs, reserveMs }: ConsumerFacts): Finding {
  const { ok, wrong } = about('consumers', 'shutdown', subject)
  return timeoutMs > 2 * reserveMs
    ? ok(`a batch ends in order ${reserveMs / 1000} s before its timeout of ${timeoutMs / 1000} s`)
    : wrong(
        `its timeout of ${timeoutMs / 1000} s leaves no time beside the ${reserveMs / 1000} s that are kept for an orderly end`,
        'Raise its timeout in serverless.yml.',
      )
}
