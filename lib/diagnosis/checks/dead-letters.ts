/** Dead letters wait for people, and leave with the retention of their topic. Pure. */
import { durationText } from '../../duration.ts'
import type { OpenDeadLetters } from '../../queries/open-dead-letters.ts'
import { about, type Finding, type Seen } from '../finding.ts'

const DAY_MS = 24 * 60 * 60 * 1000

export function deadLettersFinding(
  topic: string,
  keptDays: number,
  counted: Seen<Pick<OpenDeadLetters, 'open' | 'oldestMs' | 'pending'>>,
  nowMs: number,
): Finding {
  const { ok, wrong, unknown } = about('consumers', 'dead-letters', topic)
  if ('unseen' in counted) return unknown(counted.unseen)
  const { open, oldestMs, pending } = counted.seen
  if (open > 0) {
    const age =
      oldestMs === undefined ? '' : `, the oldest for ${durationText(Math.max(0, nowMs - oldestMs))}`
    const leaves = oldestMs === undefined ? Number.POSITIVE_INFINITY : oldestMs + keptDays * DAY_MS - nowMs
    const soon = leaves < 7 * DAY_MS ? `; the first is gone in ${durationText(Math.max(0, leaves))}` : ''
    return wrong(
      `${open === 1 ? '1 dead letter waits' : `${open} dead letters wait`} for people${age}${soon}`,
      '`sluice dlq list` shows them, `sluice dlq redrive` and `sluice dlq drop` end them.',
    )
  }
  return pending > 0
    ? unknown(
        `${pending} records of it are not counted yet`,
        'Does the function dead-letters run? Look again in a minute.',
      )
    : ok('no dead letter waits')
}
