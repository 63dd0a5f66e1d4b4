/** Decides whether a dead letter is redriven or dropped, and gives the reason if it is not. Pure. */
import {
  type ByHand,
  createRedrivenRecord,
  estimateSize,
  type ForeignRedriveTopic,
  isRedrivable,
  type OutgoingRecord,
} from '#runtime/cloudevents'
import { deadLetterRow } from '../../../lib/failures/dead-letter-row.ts'
import type { FoundDeadLetter } from '../../../lib/failures/dlq-record.ts'
import { LAMBDA_DISCARDED } from '../../../lib/failures/policy.ts'
import type { PlacedRow } from '../../../lib/log/dead-letters.ts'
import type { Families } from '../../../lib/telemetry/index.ts'

export type Command = 'redrive' | 'drop'

/** Request, reduced to what decides about a dead letter. */
export interface RequestedHandling {
  readonly command: Command
  /** Positions or ids of dead letters; empty if conditions select them. */
  readonly ats: readonly string[]
  /** True to redrive dead letters that were redriven or dropped before. Only for dead letters that are named. */
  readonly again?: boolean | undefined
}

/** Topic of the environment to which records can be redriven. */
export interface RedriveTopic {
  /** True for the topic through which records of other applications are redriven. */
  readonly isForInputs: boolean
  /** Current offset bounds of the topic, by partition. */
  readonly bounds: readonly { readonly start: number; readonly end: number }[]
  /** Consumers that read the topic. */
  readonly consumers: ReadonlySet<string>
  readonly maxMessageBytes: number
}

/** Topics by their names in Kafka. */
export type RedriveTopics = ReadonlyMap<string, RedriveTopic>

/** Reasons for skipping dead letters, with descriptions for the user. */
export const LEFT_OUT = {
  handled: 'handled before',
  quarantined:
    'quarantined: operators have redriven them several times; specify each by its AT to redrive it again',
  'never-failed':
    'given up by Lambda, not by their consumer: it reads them from the log by itself; drop them',
  incomplete: 'incomplete: parts of the record are only in the log',
  'unknown-topic': 'of a topic that this environment does not have',
  'no-such-partition': 'of a partition that their topic does not have',
  'another-log': 'of an offset that their topic has not reached: it was recreated since',
  'unknown-consumer': 'of a consumer that no longer reads their topic',
  'too-large': 'too large for their topic, including what a redrive adds',
  broken: 'broken: they cannot be read',
  gone: 'no longer in the topic: their retention has ended',
} as const

export type LeftOutReason = keyof typeof LEFT_OUT

/**
 * Returns the reason for skipping a dead letter, based on its table row alone. Undefined if the dead letter is dropped, or if its
 * record must be examined.
 */
export function findLeftOutReason(
  row: PlacedRow,
  { command, ats, again }: RequestedHandling,
): LeftOutReason | undefined {
  const isNamed = ats.length > 0
  if (row.handled && !again) return 'handled'
  if (command === 'drop') return row.kind === 'broken' && !isNamed ? 'broken' : undefined
  if (row.kind === 'broken') return 'broken'
  if (row.quarantined && !isNamed) return 'quarantined'
  return row.code === LAMBDA_DISCARDED ? 'never-failed' : undefined
}

/** Returns the record that redrives a dead letter, or the reason why its record cannot be redriven. */
export function buildRedrive(
  { deadLetter }: Pick<FoundDeadLetter, 'deadLetter'>,
  topics: RedriveTopics,
  byHand: ByHand,
): OutgoingRecord | LeftOutReason {
  const target = findRedriveTarget(deadLetter, topics)
  if (target.leftOut) return target.leftOut
  const record = createRedrivenRecord(deadLetter, byHand, target.through)
  return estimateSize(record) > (topics.get(record.topic)?.maxMessageBytes ?? 0) ? 'too-large' : record
}

/** Topic through which a record is redriven if it is of another application, or the reason why it cannot be redriven. */
interface RedriveTarget {
  readonly through?: ForeignRedriveTopic
  readonly leftOut?: LeftOutReason
}

/** Returns the target of a record, without looking at its size. */
function findRedriveTarget(deadLetter: FoundDeadLetter['deadLetter'], topics: RedriveTopics): RedriveTarget {
  if (!isRedrivable(deadLetter)) return { leftOut: 'incomplete' }
  const topic = topics.get(deadLetter.originalTopic)
  if (!topic) {
    const through = findForeignRedriveTopic(topics)
    return through?.consumers.has(deadLetter.consumer) ? { through } : { leftOut: 'unknown-topic' }
  }
  const bounds = topic.bounds[deadLetter.originalPartition]
  if (!bounds) return { leftOut: 'no-such-partition' }
  if (deadLetter.originalOffset >= bounds.end) return { leftOut: 'another-log' }
  return topic.consumers.has(deadLetter.consumer) ? {} : { leftOut: 'unknown-consumer' }
}

/** Returns the topic for failed records of inputs; undefined if it does not exist. */
function findForeignRedriveTopic(topics: RedriveTopics): (RedriveTopic & ForeignRedriveTopic) | undefined {
  for (const [topic, found] of topics)
    if (found.isForInputs) return { ...found, topic, partitions: found.bounds.length }
  return undefined
}

export interface RedriveOutlook {
  readonly to: {
    readonly topic: string
    readonly partition: number
    readonly consumer: string
    readonly attempt: number
  }
  /** Reason for which a redrive would skip the dead letter; null if it can be redriven. */
  readonly leftOut: LeftOutReason | null
}

/** Returns the expected outcome of redriving a dead letter that is named, as the run decides it. */
export function previewRedrive(
  families: Families,
  found: FoundDeadLetter,
  topics: RedriveTopics,
): RedriveOutlook {
  const { consumer, attempt, originalTopic, originalPartition } = found.deadLetter
  const row = { ...deadLetterRow(families, found), partition: found.partition }
  const request = { command: 'redrive', ats: [found.id], again: true } as const
  const outcome = findLeftOutReason(row, request) ?? buildRedrive(found, topics, { by: '', at: '' })
  const isLeftOut = typeof outcome === 'string'
  const { topic = originalTopic, partition = originalPartition } = isLeftOut ? {} : outcome
  return {
    to: { topic, partition, consumer, attempt: attempt + 1 },
    leftOut: isLeftOut ? outcome : null,
  }
}
