/** Headline and figures of the overview. Pure. */
import type { History, Overview, ShownConsumer } from '../../api/overview/shapes.ts'
import { countText } from '../parts/words.ts'

export interface Headline {
  readonly tone: 'good' | 'warn' | 'bad' | 'plain'
  readonly text: string
  /** Text of the link to the open dead letters; absent if none exist. */
  readonly letters?: string
}

/** Returns the headline. It reports success only if nothing has stalled and there are no open dead letters. */
export function headlineOf({
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

interface ConsumerState {
  readonly tone: 'good' | 'warn' | 'bad' | 'plain'
  readonly text: string
}

/** Age in seconds up to which pending records are normal, because the consumer may be waiting for a full batch. */
const BEHIND_SECONDS = 15

export function stateOf(
  { function: name, topic }: Pick<ShownConsumer, 'function' | 'topic'>,
  { standing, values }: Pick<Overview, 'standing' | 'values'>,
): ConsumerState {
  const stands = standing.find(({ functions }) => functions.includes(name))
  if (stands) return { tone: 'bad', text: `stalled: ${stands.reason}` }
  const lag = values[`lag/${name}/${topic}`] ?? null
  const wait = values[`wait/${name}/${topic}`] ?? null
  if (lag === null) return { tone: 'plain', text: 'not known' }
  if (wait !== null && wait > BEHIND_SECONDS) return { tone: 'warn', text: 'behind' }
  return { tone: 'good', text: lag === 0 ? 'up to date' : 'flows' }
}

/** Returns the rank of a state for sorting. The most severe state has the lowest rank. */
export function urgencyOf({ tone }: ConsumerState): number {
  return ['bad', 'warn', 'plain', 'good'].indexOf(tone)
}

/** Number of samples in five minutes, with one sample every two seconds. */
const MAX_SAMPLES = 150
/** Interval between two samples, in milliseconds, above which the line of a chart is interrupted. */
const GAP_MS = 15_000

export const NO_PAST: History = { atMs: [], values: {} }

/** Appends a sample to the history. A sample that is not newer than the last one is ignored. */
export function withLook(past: History, { atMs, values }: Pick<Overview, 'atMs' | 'values'>): History {
  const last = past.atMs.at(-1)
  if (last !== undefined && atMs <= last) return past
  if (last !== undefined && atMs - last > GAP_MS)
    return withLook(appended(past, { atMs: atMs - 1, values: {} }), { atMs, values })
  return appended(past, { atMs, values })
}

/** Merges the server's history with the samples that the page has received after it. */
export function joined(before: History, since: History): History {
  const [first = Number.POSITIVE_INFINITY] = since.atMs
  const kept = before.atMs.findLastIndex(atMs => atMs < first) + 1
  const names = new Set([...Object.keys(before.values), ...Object.keys(since.values)])
  const column = (name: string) => [...pastOf(before, name).slice(0, kept), ...pastOf(since, name)]
  return bounded({
    atMs: [...before.atMs.slice(0, kept), ...since.atMs],
    values: Object.fromEntries([...names].map(name => [name, column(name)])),
  })
}

/** Returns the values of one figure, oldest first. */
export function pastOf({ atMs, values }: History, name: string): readonly (number | null)[] {
  return values[name] ?? atMs.map(() => null)
}

function appended(past: History, { atMs, values }: Pick<Overview, 'atMs' | 'values'>): History {
  const names = new Set([...Object.keys(past.values), ...Object.keys(values)])
  return bounded({
    atMs: [...past.atMs, atMs],
    values: Object.fromEntries([...names].map(name => [name, [...pastOf(past, name), values[name] ?? null]])),
  })
}

function bounded({ atMs, values }: History): History {
  if (atMs.length <= MAX_SAMPLES) return { atMs, values }
  return {
    atMs: atMs.slice(-MAX_SAMPLES),
    values: Object.fromEntries(
      Object.entries(values).map(([name, column]) => [name, column.slice(-MAX_SAMPLES)]),
    ),
  }
}
