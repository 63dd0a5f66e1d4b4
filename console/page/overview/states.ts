/** How a consumer fares, in a word and a colour. Pure. */
import type { Overview, ShownConsumer } from '../../api/overview/shapes.ts'

export interface ConsumerState {
  readonly tone: 'good' | 'warn' | 'bad' | 'plain'
  readonly text: string
}

/** A record that waits longer than this waits for more than its batch. */
const BEHIND_SECONDS = 15

export function stateOf(
  { function: name, topic }: Pick<ShownConsumer, 'function' | 'topic'>,
  { standing, values }: Pick<Overview, 'standing' | 'values'>,
): ConsumerState {
  const stands = standing.find(({ functions }) => functions.includes(name))
  if (stands) return { tone: 'bad', text: `stands still: ${stands.reason}` }
  const lag = values[`lag/${name}/${topic}`] ?? null
  const wait = values[`wait/${name}/${topic}`] ?? null
  if (lag === null) return { tone: 'plain', text: 'not known' }
  if (wait !== null && wait > BEHIND_SECONDS) return { tone: 'warn', text: 'behind' }
  return { tone: 'good', text: lag === 0 ? 'up to date' : 'flows' }
}

/** For a list in which the worst come first. */
export function urgencyOf({ tone }: ConsumerState): number {
  return ['bad', 'warn', 'plain', 'good'].indexOf(tone)
}
