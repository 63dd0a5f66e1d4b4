/** The consumers of this project, as serverless.yml lists them. */
import { consumersOf, readFunctions } from '../../lib/app/functions.ts'
import type { Signal } from '../../lib/app/topics.ts'

const FUNCTIONS = readFunctions()

export const CONSUMERS_OF_READINGS = consumersOf(FUNCTIONS, 'readings')

/** The topics that a consumer reads. */
export function topicsOf(consumer: string): readonly Signal[] {
  const signals = FUNCTIONS.find(({ name }) => name === consumer)?.consumes ?? []
  if (signals.length === 0) throw new Error(`serverless.yml has no consumer ${consumer}`)
  return signals
}

/**
 * Groups of consumers, such that what one group emits is read by itself or by later ones: readings come first, then alerts, and
 * what reads failures comes last.
 */
export function consumersDownstream(): string[][] {
  const [first, last] = [CONSUMERS_OF_READINGS, consumersOf(FUNCTIONS, 'failures')]
  const second = consumersOf(FUNCTIONS, 'alerts').filter(name => !first.includes(name))
  const named = [...first, ...second, ...last]
  const between = consumersOf(FUNCTIONS).filter(name => !named.includes(name))
  return [first, second, between, last]
}

/** How many records a consumer has dealt with as it should: those of types that it does not accept included. */
export function taken(tally: Readonly<Record<string, number>>): number {
  return Object.entries(tally).reduce(
    (sum, [name, count]) => sum + (/^(applied\/|ignored\/not-mine$)/.test(name) ? count : 0),
    0,
  )
}
