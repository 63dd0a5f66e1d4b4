import { parseRules } from '../../lib/alerting/parse-rules.ts'
import { thresholdRules } from '../../lib/alerting/patterns/pattern.ts'
import type { Rule } from '../../lib/alerting/rule.ts'
import { families } from '../kit/vocabulary.ts'

/** Comparison of a rule. */
export type Kind = 'threshold' | 'change' | 'deviation' | 'silence'

export const KINDS: readonly Kind[] = ['threshold', 'change', 'deviation', 'silence']

/** Rules of one kind. No two compare over the same duration, so they share no history. */
export function createRules(kind: Kind, count: number): readonly Rule[] {
  const rows = Array.from({ length: count }, (_, index) => ({
    ...{ name: `R${index}`, family: 'environment', metric: 'temperature', severity: 'info' },
    ...KEYS[kind](index),
  }))
  const { rules, errors } = parseRules(families, { rules: rows })
  if (errors.length > 0) throw new Error(errors.map(({ message }) => message).join('\n'))
  return thresholdRules(rules)
}

/** Longer than the time between two readings of an entity in any case, unless it is to be silent. */
export const STALE_AFTER_MS = 24 * 60 * 60_000

const KEYS: Readonly<Record<Kind, (index: number) => object>> = {
  threshold: () => ({ fireAbove: 80, clearBelow: 70, keepFiringFor: '1m', staleAfter: '5m' }),
  change: index => ({ fireOutside: [-30, 30], changeOver: `${10 + index}m` }),
  deviation: index => ({ fireOutside: [-4, 4], deviationOver: `${10 + index}m` }),
  silence: () => ({ fireAbove: 80, staleAfter: '1d', onSilence: 'alert' }),
}
