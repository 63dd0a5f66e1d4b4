/** Headline of the overview, and states of consumers. Pure. */

import type { Tone } from '../../../lib/questions/column.ts'
import type { Overview, ShownConsumer } from '../../api/overview/overview.ts'
import { formatCount, formatNumber, formatTotal } from '../components/value-texts.ts'

interface Headline {
  readonly tone: Tone
  readonly text: string
  /** Text of the link to the open dead letters; absent if none exist. */
  readonly letters?: string
}

/** Returns the headline. It reports success only if nothing has stalled, no alert fires, and there are no open dead letters. */
export function chooseHeadline({
  standing,
  firing,
  openDeadLetters,
}: Pick<Overview, 'standing' | 'firing' | 'openDeadLetters'>): Headline {
  const letters = openDeadLetters ? { letters: formatCount(openDeadLetters, 'open dead letter') } : {}
  const counts = (firing ?? []).map(({ severity, count }) => `${formatNumber(count)} ${severity}`)
  const are = countFiring(firing ?? []) === 1 ? 'alert is' : 'alerts are'
  const alerts = counts.length > 0 ? [`${counts.join(' and ')} ${are} firing`] : []
  if (standing.length > 0) {
    const text = `${['The flow has stalled', ...alerts].join(', and ')}. The list shows where, and why.`
    return { tone: 'bad', text, ...letters }
  }
  const problems = [...alerts, ...(letters.letters ? ['records have failed'] : [])]
  if (problems.length > 0) {
    const text = `Nothing has stalled, but ${problems.join(', and ')}${letters.letters ? ':' : '.'}`
    return { tone: firing?.[0]?.severity === 'critical' ? 'bad' : 'warn', text, ...letters }
  }
  if (openDeadLetters === null)
    return { tone: 'plain', text: 'Nothing has stalled. The dead letters have not been counted yet.' }
  return { tone: 'good', text: 'Everything flows.' }
}

/** Returns the number of firing alerts of all severities. */
export function countFiring(firing: NonNullable<Overview['firing']>): number {
  return firing.reduce((sum, { count }) => sum + count, 0)
}

/** Formats the number of all alerts or dead letters, beside the number of those that are still open. */
export function describeTotal(open: number | null, total: number | null, closed: string): string {
  if (open === null || total === null || open !== total) return formatTotal(total)
  return total === 0 ? 'none so far' : `none ${closed} yet`
}

/** Returns the state of a consumer, which an operator reads as one word. */
export function describeState(
  { function: name, lag }: Pick<ShownConsumer, 'function' | 'lag'>,
  { standing }: Pick<Overview, 'standing'>,
): { readonly tone: Tone; readonly text: string } {
  if (standing.some(({ functions }) => functions.includes(name))) return { tone: 'bad', text: 'stalled' }
  if (lag === null) return { tone: 'plain', text: 'not known' }
  return { tone: 'good', text: lag === 0 ? 'up to date' : 'flows' }
}
