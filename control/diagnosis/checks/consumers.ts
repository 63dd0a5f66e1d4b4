/** Checks consumers (members, lag, outbox, circuit breaker) and dead letters. Pure. */

import { adviseOnPlainJson } from '../../../lib/app/naming/names.ts'
import { DAY_MS, durationText } from '../../../lib/support/duration.ts'
import type { ConsumerFacts, PartitionProgress, SeenConsumer } from '../facts.ts'
import {
  createFinding,
  type Finding,
  type Judgement,
  type Observed,
  open,
  runChecks,
  unknown,
  wrong,
} from '../finding.ts'
import { BREAKER_OPEN, describeNoReaders, NEWER_PROTOCOL } from '../stalls.ts'
import { checkCommits } from './positions.ts'

/** Maximum lag, in records. These limits equal the thresholds of the alarms. */
const MAX_PENDING = 10_000
const MAX_WAIT_SECONDS = 300
/** Age of pending records, in addition to the batching window, from which a consumer that commits nothing is suspicious. */
const QUIET_MS = 30_000
const GROUP_RIGHTS = 'This check needs permission to describe the topic and the group.'

/**
 * Returns the findings about a consumer.
 *
 * @param nowMs current time, in milliseconds since the epoch
 * @param isLocal true if the Kafka trigger of this machine reads the topics
 */
export function checkConsumer(consumer: ConsumerFacts, nowMs: number, isLocal = false): Finding[] {
  const subject = `${consumer.function} on ${consumer.topic}`
  const { partitions } = consumer
  const fixed = runChecks('consumers', subject, FIXED, { seen: { ...consumer, nowMs } })
  if ('unseen' in partitions)
    return [
      ...fixed,
      ...['commits', 'lag'].map(check =>
        createFinding('consumers', check, subject, unknown(partitions, GROUP_RIGHTS)),
      ),
    ]
  const progress = { seen: { ...consumer, partitions: partitions.seen, isLocal } }
  return [...runChecks('consumers', subject, PROGRESS, progress), ...fixed]
}

const PROGRESS = { readers: checkReaders, commits: checkCommits, published: checkPublished, lag: checkLag }
const FIXED = { breaker: checkBreaker }

function countPartitionPending({ start, end, committedAfter }: PartitionProgress): number {
  return Math.max(0, end - Math.max(start, committedAfter))
}

function countPending({ partitions }: SeenConsumer): number {
  return partitions.reduce((sum, partition) => sum + countPartitionPending(partition), 0)
}

/** Start of the client ids of the Kafka trigger of `serverless offline`. */
const TRIGGER = 'msk-trigger-'

function checkReaders(consumer: SeenConsumer & { readonly isLocal: boolean }) {
  const { group, state, isLocal } = consumer
  if ('unseen' in state) return unknown(state, GROUP_RIGHTS)
  const { clients } = state.seen
  const others = isLocal ? clients.filter(client => !client.startsWith(TRIGGER)) : []
  if (others.length > 0)
    return wrong(
      `another application is in the consumer group ${group} (client ids: ${[...new Set(others)].join(', ')})`,
      'It takes records from the function. Give one of them another group; docs/kafka.md *Names* explains the setting.',
    )
  switch (state.seen.state) {
    case 'stable':
      return clients.length === 1 ? '1 member reads it' : `${clients.length} members read it`
    case 'rebalancing':
      return unknown(
        `the group ${group} is rebalancing`,
        'Check again in a minute. A group that keeps rebalancing loses members repeatedly.',
      )
    case 'unknown':
      return unknown(`who reads ${group} is not known: ${NEWER_PROTOCOL}`)
    default: {
      const pending = countPending(consumer)
      if (pending === 0) return 'no consumer, and no pending records'
      const { reason, advice } = describeNoReaders(group, pending)
      return wrong(reason, advice)
    }
  }
}

function checkLag(consumer: SeenConsumer) {
  const { partitions, windowMs } = consumer
  const pending = countPending(consumer)
  if (pending === 0) return 'nothing waits'
  const many = pending === 1 ? '1 record waits' : `${pending} records wait`
  if (consumer.isInput) return judgeInputLag(consumer, many)
  const waits = Math.max(0, ...partitions.map(({ waitsSeconds }) => waitsSeconds ?? 0))
  const isUnread = partitions.some(
    partition => partition.waitsSeconds === null && countPartitionPending(partition) > 0,
  )
  if (pending > MAX_PENDING || waits > MAX_WAIT_SECONDS)
    return wrong(
      `${many}, the oldest for ${isUnread ? 'at least ' : ''}${durationText(waits * 1000)}`,
      adviseOnLag(consumer),
    )
  if (isUnread)
    return unknown(`${many}, and their age is unknown`, 'This check needs permission to read the topic.')
  const says = `${many}, the oldest for ${durationText(waits * 1000)}`
  const isIdle = partitions.some(
    partition =>
      (partition.waitsSeconds ?? 0) * 1000 >= QUIET_MS + windowMs &&
      partition.committedAfter === partition.committedBefore,
  )
  return isIdle ? describeIdle(says) : says
}

/** Judges by counts and by progress. A partition with more than a batch does not wait for the batching window. */
function judgeInputLag(consumer: SeenConsumer, many: string) {
  if (countPending(consumer) > MAX_PENDING) return wrong(many, adviseOnLag(consumer))
  const isIdle = consumer.partitions.some(
    partition =>
      countPartitionPending(partition) > consumer.batchSize &&
      partition.committedAfter === partition.committedBefore,
  )
  return isIdle ? describeIdle(many) : many
}

function adviseOnLag({ function: name, topic, isInput }: SeenConsumer): string {
  const place = isInput ? `PARTITION@OFFSET --topic ${topic}` : 'PARTITION@OFFSET'
  return `\`sluice groups lag\` shows each partition; docs/troubleshooting.md explains growing lag. If one is stalled by a record: \`sluice skip ${name} ${place}\`.`
}

function describeIdle(says: string): Judgement {
  return unknown(
    `${says}, and none was processed during this check`,
    'A batch may be in progress. Check again in a minute: if the lag grows, a record may block: docs/failures.md explains `sluice skip`.',
  )
}

/**
 * Checks that no emissions remain in the outbox. The offsets of a batch are committed after its outbox is published and trimmed, so
 * the outbox of a running batch lies beyond the offset that was read before it. Emissions that reprocessing or an older state of Redis
 * has left behind are published with the next batch.
 */
function checkPublished({ partitions }: SeenConsumer) {
  if (partitions.some(({ outbox }) => outbox === null))
    return unknown('Redis does not report the pending emissions')
  const waiting = partitions.reduce((sum, { outbox }) => sum + (outbox ?? 0), 0)
  const isStuck = ({ outbox, start, end, committedBefore }: PartitionProgress) =>
    (outbox ?? 0) > 0 && end <= Math.max(start, committedBefore)
  if (!partitions.some(isStuck))
    return waiting === 0 ? 'all emissions are published' : `${waiting} emissions are being published`
  return wrong(
    `${waiting} emissions are committed but not published, and no pending record will start the next batch`,
    'They are published with the next batch of their partition. Check that the clock runs; `sluice state show` shows the oldest emission.',
  )
}

function checkBreaker(consumer: ConsumerFacts & { readonly nowMs: number }) {
  const { breakerOpenUntilMs, nowMs } = consumer
  if ('unseen' in breakerOpenUntilMs) return unknown(breakerOpenUntilMs)
  const untilMs = breakerOpenUntilMs.seen
  if (untilMs === undefined || untilMs <= nowMs) return 'its circuit breaker is closed'
  const { reason, advice } = BREAKER_OPEN
  return wrong(`its circuit breaker is open until ${new Date(untilMs).toISOString()}: ${reason}`, advice)
}

interface OpenCount {
  readonly open: number
  readonly oldestMs: number | undefined
  /** Number of them that are records of readings without a CloudEvent, and the topic of the readings. */
  readonly plain: { readonly count: number; readonly topic: string }
  /** Number of records in the dlq topic that have not been counted yet. */
  readonly pending: number
}

/** Checks the open dead letters. An operator must redrive or drop them before the retention of their topic deletes them. */
export function checkDeadLetters(
  topic: string,
  keptDays: number,
  counts: Observed<OpenCount>,
  nowMs: number,
): Finding[] {
  const checks = {
    'dead-letters': ({ open: count, plain, oldestMs, pending }: OpenCount) => {
      if (count > 0)
        return open(
          `${count === 1 ? '1 dead letter is open' : `${count} dead letters are open`}${formatAge(oldestMs, keptDays, nowMs)}`,
          [
            '`sluice dlq list` shows them; redrive them with `sluice dlq redrive`, or drop them with `sluice dlq drop`.',
            ...(plain.count > 0
              ? [
                  `${plain.count} of them are no CloudEvents in ${plain.topic}: ${adviseOnPlainJson(plain.topic)}.`,
                ]
              : []),
          ].join(' '),
        )
      if (pending === 0) return 'no dead letter is open'
      return unknown(
        `${pending} records of the topic are not counted yet`,
        'Check that the function open-dead-letters runs, and check again in a minute.',
      )
    },
  }
  return runChecks('consumers', topic, checks, counts)
}

function formatAge(oldestMs: number | undefined, keptDays: number, nowMs: number): string {
  if (oldestMs === undefined) return ''
  const leavesMs = oldestMs + keptDays * DAY_MS - nowMs
  const soon = leavesMs < 7 * DAY_MS ? `; the first is deleted in ${durationText(Math.max(0, leavesMs))}` : ''
  return `, the oldest for ${durationText(Math.max(0, nowMs - oldestMs))}${soon}`
}
