/** Rule kind `states`: a value is bad if it is one of the configured texts. */
import { findUnit } from '../rule-row.ts'
import { TEXTS } from './keys.ts'
import type { ConditionKind } from './kind.ts'

interface StatesCondition {
  readonly kind: 'states'
  readonly states: readonly string[]
}

export const states: ConditionKind<StatesCondition> = {
  role: 'condition',
  alone: 'states are not numbers',
  keys: {
    fireEquals: {
      ...TEXTS,
      about: 'Fires when a state such as `status` has this value, or one of these values.',
      example: 'degraded',
      inPatterns: 'Matches a reading with this value of the state, or with one of these values.',
    },
  },
  read(ruleRow, { family, metric }) {
    const raw = ruleRow.of<string | readonly string[]>('fireEquals')
    if (raw === undefined) return undefined
    const states = typeof raw === 'string' ? [raw] : raw
    if (findUnit(ruleRow.families, family, metric) !== undefined)
      ruleRow.report('fireEquals', `${metric} is a number: use fireAbove, fireBelow or fireOutside`)
    const knownStates =
      family && metric !== undefined ? ruleRow.families.byName[family]?.states[metric] : undefined
    const unknownStates =
      knownStates && !ruleRow.isFromLog ? states.filter(state => !knownStates.includes(state)) : []
    if (knownStates && unknownStates.length > 0)
      ruleRow.report(
        'fireEquals',
        `${metric} is never ${unknownStates.join(' or ')}: it is one of ${knownStates.join(', ')}`,
      )
    return { kind: 'states', states }
  },
  row: ({ states }) => ({ fireEquals: states }),
  isValue: value => typeof value === 'string',
  fires: isBad,
  holds: isBad,
  words: {
    text: ({ states }) => `is ${states.join(' or ')}`,
    summary: () => '',
    threshold: ({ states }) => states.join(', '),
  },
  chart: ({ states }) => ({ states }),
}

function isBad({ states }: StatesCondition, value: unknown): boolean {
  return states.includes(value as string)
}
