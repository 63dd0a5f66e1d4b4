/** Decides what to do with each dead letter of a redrive or a drop. Pure. */

import { type OutgoingRecord, sizeOf } from '../../../packages/runtime/cloudevents/record.ts'
import { instant } from '../../../packages/runtime/consumer/instant.ts'
import type { FoundDeadLetter } from '../../failures/dlq-record.ts'
import { redrivenRecord } from '../../failures/redriven-record.ts'
import type { PlacedDeadLetter } from '../../queries/dead-letters.ts'
import { type LeftOutReason, type RedriveTopics, whyLeftByRow, whyNotRedriven } from './decide.ts'
import { type Patch, patched } from './patch.ts'

interface RedriveOptions {
  readonly topics: RedriveTopics
  readonly by: string
  readonly nowMs: () => number
  readonly patch: Patch | undefined
  /** True to redrive dead letters that were handled before. */
  readonly again: boolean
  /** Called for each dead letter whose patched record would fail again, with the reason. */
  readonly onRefused: (letter: FoundDeadLetter, why: string) => void
}

/** Decision about a dead letter: the record to publish, or the reason for skipping the dead letter. */
type Choice =
  | { readonly kind: 'take'; readonly record?: OutgoingRecord }
  | { readonly kind: 'leave'; readonly because: LeftOutReason }

/** Decides about dead letters, first by the table row alone, and then by the record if needed. */
export interface Chooser {
  /** Returns the reason for skipping a dead letter, based on its table row. */
  readonly byRow: (row: PlacedDeadLetter, isNamed: boolean) => LeftOutReason | undefined
  /** Decides by the record of a dead letter. Absent if records need not be read. */
  readonly byRecord?: (letter: FoundDeadLetter) => Choice
}

export function redriveChooser({ topics, by, nowMs, patch, again, onRefused }: RedriveOptions): Chooser {
  const now = clockOf(nowMs)
  return {
    byRow: (row, isNamed) => whyLeftByRow(row, { isNamed, again }),
    byRecord: letter => {
      const because = whyNotRedriven(letter, topics)
      if (because) return { kind: 'leave', because }
      const change = patch && patched(letter, patch)
      if (change?.kind === 'refused') {
        onRefused(letter, change.why)
        return { kind: 'leave', because: 'patch-refused' }
      }
      const { deadLetter } = letter
      const byHand = { by, at: now(), ...(change ? { patch: change.patch } : {}) }
      const topic = topics.get(deadLetter.originalTopic)
      const record = redrivenRecord(deadLetter, byHand, topic?.growths)
      const isTooLarge = sizeOf(record) > (topic?.maxMessageBytes ?? 0)
      return isTooLarge ? { kind: 'leave', because: 'too-large' } : { kind: 'take', record }
    },
  }
}

/**
 * Returns a function that formats the current time. The text is cached, because thousands of dead letters are processed in the same
 * millisecond.
 */
function clockOf(nowMs: () => number): () => string {
  let [textMs, text] = [Number.NaN, '']
  return () => {
    const timeMs = nowMs()
    if (timeMs !== textMs) [textMs, text] = [timeMs, instant(timeMs)]
    return text
  }
}

export const dropChooser: Chooser = { byRow: ({ handled }) => (handled ? 'handled' : undefined) }
