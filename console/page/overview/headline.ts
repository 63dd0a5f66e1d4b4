/** Headline, rates and states of the overview. Pure. */
import type { Overview, ShownConsumer } from '../../api/overview/overview.ts'
import { countText } from '../components/value-texts.ts'

type Tone = 'good' | 'warn' | 'bad' | 'plain'

interface Headline {
  readonly tone: Tone
  readonly text: string
  /** Text of the link to the open dead letters; absent if none exist. */
  readonly letters?: string
}

/** Returns the headline. It reports success only if nothing has stalled and there are no open dead letters. */
export function chooseHeadline({
  standing,
  openDeadLetters,
}: Pick<Overview, 'standing' | 'openDeadLetters'>): Headline {
  const letters =
    openDeadLetters === null || openDeadLetters === 0
      ? {}
      : { letters: countText(openDeadLetters, 'open dead letter') }
  if (standing.length > 0)
    return { tone: 'bad', text: 'The flow has stalled. The list shows where, and why.', ...letters }
  if (letters.letters)
    return { tone: 'warn', text: 'Nothing has stalled, but there are open dead letters:', ...letters }
  if (openDeadLetters === null)
    return { tone: 'plain', text: 'Nothing has stalled. The dead letters have not been counted yet.' }
  return { tone: 'good', text: 'Everything flows.' }
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

type Look = Pick<Overview, 'atMs' | 'counters'>

/**
 * Time over which rates are averaged, in milliseconds. Consumers commit once per batch, so a shorter time would show a constant
 * load as spikes.
 */
const OVER_MS = 12_000

/** Returns the looks from which rates are derived, with a new one. */
export function addLook<One extends Look>(looks: readonly One[], now: One): readonly One[] {
  return [...looks.filter(({ atMs }) => atMs < now.atMs && now.atMs - atMs <= OVER_MS), now]
}

/** Returns the growth of a counter per second; null for one that is unknown, new or reset. */
export function computeRate(looks: readonly Look[], name: string): number | null {
  const points = looks.flatMap(({ atMs, counters }) => {
    const count = counters[name] ?? null
    return count === null ? [] : [{ atMs, count }]
  })
  const [first, last] = [points[0], points.at(-1)]
  if (!first || !last || last.atMs === first.atMs || first.count > last.count) return null
  return ((last.count - first.count) * 1_000) / (last.atMs - first.atMs)
}
