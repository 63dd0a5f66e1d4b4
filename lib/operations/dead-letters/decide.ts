/** Decides whether a dead letter can be redriven, and gives the reason if it cannot. Pure. */

import type { Growth } from '../../../packages/runtime/pipeline/model.ts'
import type { FoundDeadLetter } from '../../failures/dlq-record.ts'
import { LAMBDA_DISCARDED } from '../../failures/policy.ts'
import { isRedrivable } from '../../failures/redriven-record.ts'
import type { PlacedDeadLetter } from '../../queries/dead-letters.ts'

/** Topic of the environment to which records can be redriven. */
export interface RedriveTopic {
  /** Current offset bounds of the topic, by partition. */
  readonly bounds: readonly { readonly start: number; readonly end: number }[]
  /** Consumers that read the topic. */
  readonly consumers: ReadonlySet<string>
  readonly maxMessageBytes: number
  /** Partition count increases of the topic. They determine the partition to which a record is redriven. */
  readonly growths: readonly Growth[]
}

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
  'patch-refused': 'that would be invalid after the patch',
  broken: 'broken: they cannot be read',
} as const

export type LeftOutReason = keyof typeof LEFT_OUT

/**
 * Returns the reason for skipping a dead letter, based on its table row alone. Undefined if the record itself must be examined.
 *
 * @param isNamed true if the operator named this dead letter, instead of selecting it by conditions
 * @param again true to redrive dead letters that were handled before
 */
export function whyLeftByRow(
  { handled, quarantined, code }: Pick<PlacedDeadLetter, 'handled' | 'quarantined' | 'code'>,
  { isNamed, again }: { readonly isNamed: boolean; readonly again: boolean },
): LeftOutReason | undefined {
  if (handled && !again) return 'handled'
  if (quarantined && !isNamed) return 'quarantined'
  return code === LAMBDA_DISCARDED ? 'never-failed' : undefined
}

/** Returns the reason why the record of a dead letter cannot be redriven; undefined if it can. */
export function whyNotRedriven(
  { deadLetter }: Pick<FoundDeadLetter, 'deadLetter'>,
  topics: RedriveTopics,
): LeftOutReason | undefined {
  if (!isRedrivable(deadLetter)) return 'incomplete'
  const topic = topics.get(deadLetter.originalTopic)
  if (!topic) return 'unknown-topic'
  const bounds = topic.bounds[deadLetter.originalPartition]
  if (!bounds) return 'no-such-partition'
  if (deadLetter.originalOffset >= bounds.end) return 'another-log'
  return topic.consumers.has(deadLetter.consumer) ? undefined : 'unknown-consumer'
}
