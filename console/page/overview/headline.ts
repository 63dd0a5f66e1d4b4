/** The first sentence of the overview. Pure. */
import type { Overview } from '../../api/overview/shapes.ts'
import { countText } from '../parts/words.ts'

export interface Headline {
  readonly tone: 'good' | 'warn' | 'bad' | 'plain'
  readonly text: string
  /** Text of a link to the open dead letters; absent if there are none. */
  readonly letters?: string
}

/** Says that all is well only where nothing has stalled and no dead letter waits. */
export function headlineOf({ standing, openLetters }: Pick<Overview, 'standing' | 'openLetters'>): Headline {
  const letters =
    openLetters === null || openLetters === 0 ? {} : { letters: countText(openLetters, 'open dead letter') }
  if (standing.length > 0)
    return { tone: 'bad', text: 'The flow has stalled. The list shows where, and why.', ...letters }
  if (letters.letters)
    return { tone: 'warn', text: 'Nothing has stalled, but failed records wait for a decision:', ...letters }
  if (openLetters === null)
    return { tone: 'plain', text: 'Nothing has stalled. The dead letters are not counted yet.' }
  return { tone: 'good', text: 'Everything flows.' }
}
