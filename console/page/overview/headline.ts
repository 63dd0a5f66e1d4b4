/** Headline of the overview, and states of consumers. Pure. */
import type { Overview, ShownConsumer } from '../../api/overview/overview.ts'
import { formatCount, type Tone } from '../components/value-texts.ts'

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
      : { letters: formatCount(openDeadLetters, 'open dead letter') }
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
