/** Outcome of a redrive of one dead letter, before it is done. Pure. */

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
  /** Why it is left out although it is named; null if it is redriven. */
  readonly leftOut: LeftOutReason | null
  /** Action of a person; null while it is open. */
  readonly handled: HandledAction | null
}

/** @param topics those to which records can be redriven, with how they have grown */
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
