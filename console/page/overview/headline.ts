/** Headline of the overview, and states of consumers. Pure. */
import type { Overview, ShownConsumer } from '../../api/overview/overview.ts'
import { formatCount, formatNumber, type Tone } from '../components/value-texts.ts'

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
  const alerts = describeFiring(firing ?? [])
  if (standing.length > 0) {
    const also = alerts === '' ? '' : `, and ${alerts}`
    return { tone: 'bad', text: `The flow has stalled${also}. The list shows where, and why.`, ...letters }
  }
  const problems = [alerts, letters.letters && 'there are open dead letters:'].filter(Boolean).join(', and ')
  if (problems) {
    const tone = firing?.some(({ severity }) => severity === 'critical') ? 'bad' : 'warn'
    return { tone, text: `Nothing has stalled, but ${problems}${letters.letters ? '' : '.'}`, ...letters }
  }
  if (openDeadLetters === null)
    return { tone: 'plain', text: 'Nothing has stalled. The dead letters have not been counted yet.' }
  return { tone: 'good', text: 'Everything flows.' }
}

/** Returns a clause such as `1 critical and 2 warning alerts are firing`; empty without alerts. */
function describeFiring(firing: NonNullable<Overview['firing']>): string {
  const total = countFiring(firing)
  const counts = firing.map(({ severity, count }) => `${formatNumber(count)} ${severity}`)
  return total === 0 ? '' : `${counts.join(' and ')} ${total === 1 ? 'alert is' : 'alerts are'} firing`
}

/** Returns the number of firing alerts of all severities. */
export function countFiring(firing: NonNullable<Overview['firing']>): number {
  return firing.reduce((sum, { count }) => sum + count, 0)
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
