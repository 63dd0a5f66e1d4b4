/** What becomes of each dead letter in a redrive, or when they are dropped. Pure. */

import { sizeOf } from '../../../packages/runtime/cloudevents/record.ts'
import { instant } from '../../../packages/runtime/consumer/instant.ts'
import { redrivenRecord } from '../../failures/redriven-record.ts'
import type { FoundDeadLetter, Scanned } from '../../queries/dead-letters.ts'
import type { Choice } from './choose.ts'
import { type RedriveTopics, whyNotRedriven } from './decide.ts'
import { type Patch, patched } from './patch.ts'

interface RedriveOptions {
  readonly topics: RedriveTopics
  readonly by: string
  readonly nowMs: () => number
  readonly patch: Patch | undefined
  /** Redrive once more what was handled before. */
  readonly again: boolean
  /** Told of each dead letter that the patch would break. */
  readonly onRefused: (letter: FoundDeadLetter, why: string) => void
}

/** Decides about one dead letter. What is dropped leaves no record. */
export type Chooser = (
  found: Pick<Extract<Scanned, { kind: 'letter' }>, 'letter' | 'handled' | 'isOwn'>,
  isNamed: boolean,
) => Choice

export function redriveChooser({ topics, by, nowMs, patch, again, onRefused }: RedriveOptions): Chooser {
  const now = clockOf(nowMs)
  return ({ letter, handled, isOwn = false }, isNamed) => {
    const because = whyNotRedriven(letter, handled, topics, { isNamed, again, isOwn })
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
  }
}

/** The present instant. Thousands of letters share one, so its text is made once. */
function clockOf(nowMs: () => number): () => string {
  let [textMs, text] = [Number.NaN, '']
  return () => {
    const timeMs = nowMs()
    if (timeMs !== textMs) [textMs, text] = [timeMs, instant(timeMs)]
    return text
  }
}

export const dropChooser: Chooser = ({ handled }) =>
  handled ? { kind: 'leave', because: 'handled' } : { kind: 'take' }
