/** Predicts the outcome of redriving one dead letter. Pure. */

import type { FoundDeadLetter, HandledAction } from '../../failures/dlq-record.ts'
import { redrivenRecord } from '../../failures/redriven-record.ts'
import { type LeftOutReason, type RedriveTopics, whyLeftByRow, whyNotRedriven } from './decide.ts'

export interface RedriveOutlook {
  readonly to: {
    readonly topic: string
    readonly partition: number
    readonly consumer: string
    readonly attempt: number
  }
  /** Reason for which a redrive would skip the dead letter; null if it can be redriven. */
  readonly leftOut: LeftOutReason | null
  /** Action by which the dead letter was handled; null while it is open. */
  readonly handled: HandledAction | null
}

/**
 * Returns the expected outcome of redriving a dead letter.
 *
 * @param topics topics to which records can be redriven, with their partition count increases
 */
export function outlookOf(
  found: FoundDeadLetter,
  handled: HandledAction | undefined,
  topics: RedriveTopics,
): RedriveOutlook {
  const { topic, partition } = redrivenRecord(
    found.deadLetter,
    undefined,
    topics.get(found.deadLetter.originalTopic)?.growths,
  )
  const { consumer, attempt, quarantined, errorType: code } = found.deadLetter
  const byRow = whyLeftByRow({ quarantined, code }, { isNamed: true, again: true })
  const leftOut = byRow ?? whyNotRedriven(found, topics) ?? null
  return { to: { topic, partition, consumer, attempt: attempt + 1 }, leftOut, handled: handled ?? null }
}
