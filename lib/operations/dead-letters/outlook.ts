/** Expected outcome of a redrive of one dead letter. Pure. */

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
  /** Reason for skipping the dead letter although it is specified; null if it can be redriven. */
  readonly leftOut: LeftOutReason | null
  /** How the dead letter was handled; null while it is open. */
  readonly handled: HandledAction | null
}

/** @param topics topics to which records can be redriven, with the increases of their partition counts */
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
