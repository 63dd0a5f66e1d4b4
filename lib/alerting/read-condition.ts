/** Reads the thresholds or states of a rule, converts them, and reports those that no value could ever meet. */
import { FAMILIES, type FamilyName } from '../telemetry/families.ts'
import { conversion, unitsFor } from '../telemetry/units.ts'
import type { Condition, Limits } from './condition.ts'
import { type Given, unitOf } from './given.ts'
import type { Measure } from './rule.ts'
import type { RuleKey } from './rule-schema.ts'

export type Side = 'above' | 'below' | 'outside'

interface Read {
  /** Undefined if something is wrong with it. */
  readonly condition?: Condition
  /** Undefined for states. */
  readonly side?: Side
}

const KEYS = {
  above: { fire: 'fireAbove', clear: 'clearBelow' },
  below: { fire: 'fireBelow', clear: 'clearAbove' },
  outside: { fire: 'fireOutside', clear: 'clearInside' },
} as const satisfies Readonly<Record<Side, { readonly fire: RuleKey; readonly clear: RuleKey }>>

const NONE: Limits = { above: Number.POSITIVE_INFINITY, below: Number.NEGATIVE_INFINITY }

export function readCondition(
  given: Given,
  family: FamilyName | undefined,
  metric: string | undefined,
  measure: Measure | undefined,
): Read {
  if (Object.hasOwn(given.row, 'fireEquals')) return readStates(given, family, metric)
  const side = (['above', 'below', 'outside'] as const).find(one => Object.hasOwn(given.row, KEYS[one].fire))
  if (side === undefined) return {}
  const { fire: fireKey, clear: clearKey } = KEYS[side]
  const isState = family && metric !== undefined && Object.hasOwn(FAMILIES[family].states, metric)
  if (isState) given.report(fireKey, `${metric} is a state and not a number: use fireEquals`)
  const convert = readUnit(given, unitOf(family, metric), measure)
  const fire = limitsOf(given, side, fireKey, convert)
  const clear = Object.hasOwn(given.row, clearKey) ? limitsOf(given, side, clearKey, convert) : fire
  if (fire === undefined || clear === undefined) return { side }
  if (clear.above > fire.above || clear.below < fire.below) given.report(clearKey, WRONG_SIDE[side](given))
  else if (!isState) reportUnreachable(given, side, fire, clear, family, metric, measure)
  return { side, condition: { kind: 'limits', fire, clear } }
}

const THEN = 'or an alert would clear as soon as it fires'
const WRONG_SIDE: Readonly<Record<Side, (given: Given) => string>> = {
  above: ({ of }) => `must be at most fireAbove, ${of('fireAbove')}, ${THEN}`,
  below: ({ of }) => `must be at least fireBelow, ${of('fireBelow')}, ${THEN}`,
  outside: ({ of }) => `must lie within fireOutside, ${JSON.stringify(of('fireOutside'))}, ${THEN}`,
}

type Convert = (value: number) => number

/** Thresholds are kept in the unit of the metric. A change is a difference, so only the size of the unit counts. */
function readUnit(given: Given, own: string | undefined, measure: Measure | undefined): Convert {
  const unit = given.of<string>('unit')
  const asItIs: Convert = value => value
  if (unit === undefined) return asItIs
  if (measure?.of === 'deviation') {
    given.report(
      'unit',
      'does not go with deviationOver, whose thresholds are numbers of standard deviations',
    )
    return asItIs
  }
  if (own === undefined) return asItIs
  const convert = conversion(own, unit)
  if (convert === undefined) {
    given.report(
      'unit',
      `does not fit ${given.of('metric')}: use ${unitsFor(own)}, not ${JSON.stringify(unit)}`,
    )
    return asItIs
  }
  return measure === undefined ? convert : value => Number((convert(value) - convert(0)).toPrecision(12))
}

function limitsOf(given: Given, side: Side, key: RuleKey, convert: Convert): Limits | undefined {
  const raw = given.of<number | readonly [number, number]>(key)
  if (raw === undefined) return undefined
  if (typeof raw === 'number') return { ...NONE, [side]: convert(raw) }
  const [least, most] = raw
  if (least < most) return { below: convert(least), above: convert(most) }
  given.report(key, `must be [least, most], and ${least} is not less than ${most}`)
  return undefined
}

/** No value of the metric lies beyond its bounds. */
function reportUnreachable(
  given: Given,
  side: Side,
  fire: Limits,
  clear: Limits,
  family: FamilyName | undefined,
  metric: string | undefined,
  measure: Measure | undefined,
): void {
  const bounds = family && metric !== undefined && !measure ? FAMILIES[family].bounds[metric] : undefined
  if (bounds === undefined || given.isFromLog) return
  const [least, most] = bounds
  const range = most === Number.POSITIVE_INFINITY ? `at least ${least}` : `between ${least} and ${most}`
  const unit = unitOf(family, metric)
  const is = `${metric} is always ${range}${unit === undefined || unit === '1' ? '' : ` ${unit}`}`
  if (fire.above >= most && fire.below <= least) given.report(KEYS[side].fire, `would never fire: ${is}`)
  else if (clear.above < least || clear.below > most) {
    const key = Object.hasOwn(given.row, KEYS[side].clear) ? KEYS[side].clear : KEYS[side].fire
    given.report(key, `would never clear: ${is}`)
  }
}

function readStates(given: Given, family: FamilyName | undefined, metric: string | undefined): Read {
  for (const key of ['unit', 'changeOver', 'deviationOver'] as const)
    if (Object.hasOwn(given.row, key))
      given.report(key, 'does not go with fireEquals: states are not numbers')
  const raw = given.of<string | readonly string[]>('fireEquals')
  if (raw === undefined) return {}
  const states = typeof raw === 'string' ? [raw] : raw
  if (unitOf(family, metric) !== undefined)
    given.report('fireEquals', `${metric} is a number: use fireAbove, fireBelow or fireOutside`)
  const known = family && metric !== undefined ? FAMILIES[family].states[metric] : undefined
  const unknown = known && !given.isFromLog ? states.filter(state => !known.includes(state)) : []
  if (known && unknown.length > 0)
    given.report('fireEquals', `${metric} is never ${unknown.join(' or ')}: it is one of ${known.join(', ')}`)
  return { condition: { kind: 'states', states } }
}

/** The keys of a condition, as a rule file has them. */
export function conditionRow(condition: Condition): Readonly<Record<string, unknown>> {
  if (condition.kind === 'states') return { fireEquals: condition.states }
  const { fire, clear } = condition
  if (fire.above === NONE.above) return { fireBelow: fire.below, clearAbove: clear.below }
  if (fire.below === NONE.below) return { fireAbove: fire.above, clearBelow: clear.above }
  return { fireOutside: [fire.below, fire.above], clearInside: [clear.below, clear.above] }
}
