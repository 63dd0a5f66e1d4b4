/** Which dead letters can be redriven, and why the others cannot. Pure. */

import type { Growth } from '../../../packages/runtime/pipeline/model.ts'
import type { FoundDeadLetter } from '../../failures/dlq-record.ts'
import { LAMBDA_DISCARDED } from '../../failures/policy.ts'
import { isRedrivable } from '../../failures/redriven-record.ts'
import type { PlacedDeadLetter } from '../../queries/dead-letters.ts'

/** A topic of the environment, to which records can be redriven. */
export interface RedriveTopic {
  /** Present bounds of the log, by partition. */
  readonly bounds: readonly { readonly start: number; readonly end: number }[]
  /** The consumers that read it. */
  readonly consumers: ReadonlySet<string>
  readonly maxMessageBytes: number
  /** How it has grown: a record goes to where its failure is remembered now. */
  readonly growths: readonly Growth[]
}

export type RedriveTopics = ReadonlyMap<string, RedriveTopic>

/** Why a dead letter is left out, for people. */
export const LEFT_OUT = {
  handled: 'handled before',
  quarantined:
    'quarantined: people have redriven them several times; name each by AT to redrive it once more',
  'never-failed':
    'given up by Lambda, not by their consumer: it reads them from the log by itself; drop them',
  incomplete: 'not whole: parts of the record are only at its place in the log',
  'unknown-topic': 'of a topic that this environment does not have',
  'no-such-partition': 'of a partition that their topic does not have',
  'another-log': 'of an offset that their topic has not reached: it was made anew since',
  'unknown-consumer': 'of a consumer that does not read their topic any more',
  'too-large': 'larger than their topic takes, with what a redrive adds',
  'patch-refused': 'that the patch would break',
  broken: 'broken: they cannot be read',
} as const

export type LeftOutReason = keyof typeof LEFT_OUT

/**
 * Why a dead letter is left out, as far as its row in the table says; undefined if its record decides.
 *
 * @param isNamed the operator named this dead letter itself, and not only conditions that it meets
 * @param again whether a dead letter that was handled before is redriven once more
 */
export function whyLeftByRow(
  { handled, quarantined, code }: Pick<PlacedDeadLetter, 'handled' | 'quarantined' | 'code'>,
  { isNamed, again }: { readonly isNamed: boolean; readonly again: boolean },
): LeftOutReason | undefined {
  if (handled && !again) return 'handled'
  if (quarantined && !isNamed) return 'quarantined'
  return code === LAMBDA_DISCARDED ? 'never-failed' : undefined
}

/** Why the record of a dead letter is not redriven; undefined if it can be. */
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
