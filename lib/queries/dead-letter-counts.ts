/** Dead letters counted by what they have in common, for who looks for a pattern in them. Pure. */
import { Counts } from './counts.ts'
import { type DeadLetterFilter, isWritten } from './dead-letter-filter.ts'
import type { Recent, RecentDeadLetter } from './recent-dead-letters.ts'

/** `open` waits for people; `handled` was redriven or dropped. */
export type LetterState = 'open' | 'quarantined' | 'handled' | 'all'

export interface CountedDeadLetters {
  /** Those that meet all conditions, the newest first. */
  readonly letters: readonly RecentDeadLetter[]
  /** Broken ones of that time: nothing else is known of them. */
  readonly broken: readonly Extract<Recent, { kind: 'broken' }>[]
  /** How many have each code or consumer, whichever of them is asked for: the others can be chosen instead. */
  readonly codes: Readonly<Record<string, number>>
  readonly consumers: Readonly<Record<string, number>>
}

export function countedLetters(
  all: readonly Recent[],
  filter: DeadLetterFilter,
  state: LetterState,
): CountedDeadLetters {
  const [codes, consumers] = [new Counts(), new Counts()]
  const letters: RecentDeadLetter[] = []
  const broken: Extract<Recent, { kind: 'broken' }>[] = []
  for (const one of all) {
    if (!isIn(one, state) || !isWritten(one, filter)) continue
    if (one.kind === 'broken') {
      broken.push(one)
      continue
    }
    if (!isOf(one, filter)) continue
    const hasCode = (filter.code ?? one.code) === one.code
    const hasConsumer = (filter.consumer ?? one.consumer) === one.consumer
    if (hasConsumer) codes.add(one.code)
    if (hasCode) consumers.add(one.consumer)
    if (hasCode && hasConsumer) letters.push(one)
  }
  return { letters, broken, codes: codes.byFrequency(), consumers: consumers.byFrequency() }
}

/** How many of these times lie in each of equal parts of a stretch. */
export function histogram(
  timesMs: readonly number[],
  { fromMs, toMs, parts }: { readonly fromMs: number; readonly toMs: number; readonly parts: number },
): readonly number[] {
  const counts = new Array<number>(parts).fill(0)
  const width = Math.max(1, toMs - fromMs) / parts
  for (const timeMs of timesMs) {
    const part = Math.min(parts - 1, Math.floor((timeMs - fromMs) / width))
    if (part >= 0) counts[part] = (counts[part] ?? 0) + 1
  }
  return counts
}

function isIn(one: Recent, state: LetterState): boolean {
  if (state === 'all') return true
  if (state === 'handled') return one.handled !== null
  if (one.handled !== null) return false
  return state === 'open' || (one.kind === 'letter' && one.quarantined)
}

/** As `meets` in `dead-letter-filter.ts` sees it. */
function isOf({ entity, type }: RecentDeadLetter, filter: DeadLetterFilter): boolean {
  if ((filter.type ?? type) !== type) return false
  const subject = entity?.slice(entity.indexOf(' ') + 1)
  return filter.entity === undefined || filter.entity === entity || filter.entity === subject
}
