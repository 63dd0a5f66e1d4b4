/** Rule kind `states`: a value is bad if it is one of the configured texts. */
import { FAMILIES } from '../../telemetry/families.ts'
import { unitOf } from '../given.ts'
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
      inPatterns: 'Matches a reading whose state is this value, or one of these values.',
    },
  },
  read(given, { family, metric }) {
    const raw = given.of<string | readonly string[]>('fireEquals')
    if (raw === undefined) return undefined
    const states = typeof raw === 'string' ? [raw] : raw
    if (unitOf(family, metric) !== undefined)
      given.report('fireEquals', `${metric} is a number: use fireAbove, fireBelow or fireOutside`)
    const known = family && metric !== undefined ? FAMILIES[family].states[metric] : undefined
    const unknown = known && !given.isFromLog ? states.filter(state => !known.includes(state)) : []
    if (known && unknown.length > 0)
      given.report(
        'fireEquals',
        `${metric} is never ${unknown.join(' or ')}: it is one of ${known.join(', ')}`,
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
