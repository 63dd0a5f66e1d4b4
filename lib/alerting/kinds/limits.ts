/**
 * Rule kind `limits`: a value is bad if it is above or below a limit. With hysteresis, a second limit decides when the value is
 * good again.
 */

import { formatQuantity } from '../../support/short-number.ts'
import { describeUnfit, findConversion } from '../../telemetry/unit-table.ts'
import { findUnit, isState, type RuleRow } from '../rule-row.ts'
import { BAND, NUMBER } from './keys.ts'
import type { ConditionKind, Limits, Subject } from './kind.ts'

/**
 * Limits of a condition. `fire` applies while the rule is not firing, and `clear` while it is firing. They are equal unless the
 * rule has hysteresis.
 */
interface LimitsCondition {
  readonly kind: 'limits'
  readonly fire: Limits
  readonly clear: Limits
}

type Side = 'above' | 'below' | 'outside'

const KEYS = {
  above: { fire: 'fireAbove', clear: 'clearBelow' },
  below: { fire: 'fireBelow', clear: 'clearAbove' },
  outside: { fire: 'fireOutside', clear: 'clearInside' },
} as const

const NONE: Limits = { above: Number.POSITIVE_INFINITY, below: Number.NEGATIVE_INFINITY }

export const limits: ConditionKind<LimitsCondition> = {
  role: 'condition',
  keys: {
    fireAbove: {
      ...NUMBER,
      about: 'Fires when the value is greater than this; a value equal to the threshold does not fire.',
      example: '30',
      inPatterns: 'Matches a reading with a value greater than this.',
    },
    clearBelow: {
      ...NUMBER,
      about:
        'Used with `fireAbove`. A firing alert clears when the value is no longer greater than this: with `28`, it clears at 28. Must be at most `fireAbove`, which is the default.',
      example: '28',
      needs: 'fireAbove',
    },
    fireBelow: {
      ...NUMBER,
      about: 'Fires when the value is less than this; a value equal to the threshold does not fire.',
      example: '0',
      inPatterns: 'Matches a reading with a value less than this.',
    },
    clearAbove: {
      ...NUMBER,
      about:
        'Used with `fireBelow`. A firing alert clears when the value is no longer less than this. Must be at least `fireBelow`, which is the default.',
      example: '2',
      needs: 'fireBelow',
    },
    fireOutside: {
      ...BAND,
      about: '[least, most]: fires when the value is less than the first number or greater than the second.',
      example: '[18, 25]',
      inPatterns:
        '[least, most]: matches a reading with a value less than the first number or greater than the second.',
    },
    clearInside: {
      ...BAND,
      about:
        'Used with `fireOutside`. A firing alert clears when the value is within this band, including its ends.',
      example: '[19, 24]',
      needs: 'fireOutside',
    },
  },
  read,
  row({ fire, clear }) {
    const side = getSide(fire)
    const { fire: fireKey, clear: clearKey } = KEYS[side]
    if (side !== 'outside') return { [fireKey]: fire[side], [clearKey]: clear[side] }
    return { [fireKey]: [fire.below, fire.above], [clearKey]: [clear.below, clear.above] }
  },
  isValue: (value): value is number => typeof value === 'number' && Number.isFinite(value),
  fires: ({ fire }, value) => isBeyond(fire, value as number),
  holds: ({ clear }, value) => isBeyond(clear, value as number),
  threshold(own, which, raw) {
    const { above, below } = own[which]
    const side = getSide(own[which])
    if (side !== 'outside') return own[which][side]
    // Use the limit that the value exceeds. If the value is within both limits, use the closer one.
    const value = raw as number
    return Math.abs(value - above) <= Math.abs(value - below) ? above : below
  },
  words: {
    text({ fire }, unit) {
      const side = getSide(fire)
      return side === 'outside'
        ? `outside ${fire.below} to ${formatQuantity(fire.above, unit)}`
        : `${side} ${formatQuantity(fire[side], unit)}`
    },
    summary({ fire }) {
      const side = getSide(fire)
      return `, ${side === 'outside' ? 'beyond' : side} {{threshold}}`
    },
  },
  chart: ({ fire, clear }) => ({ fire, clear }),
}

function getSide({ above, below }: Limits): Side {
  if (above === NONE.above) return 'below'
  return below === NONE.below ? 'above' : 'outside'
}

function isBeyond({ above, below }: Limits, value: number): boolean {
  return value > above || value < below
}

function formatRange(least: number, most: number, unit: string | undefined): string {
  if (most === Number.POSITIVE_INFINITY) return `at least ${formatQuantity(least, unit)}`
  if (least === Number.NEGATIVE_INFINITY) return `at most ${formatQuantity(most, unit)}`
  return `between ${least} and ${formatQuantity(most, unit)}`
}

function read(ruleRow: RuleRow, subject: Subject): LimitsCondition | undefined {
  const { family, metric, measure } = subject
  const side = (['above', 'below', 'outside'] as const).find(side =>
    Object.hasOwn(ruleRow.row, KEYS[side].fire),
  )
  if (side === undefined) return undefined
  const { fire: fireKey, clear: clearKey } = KEYS[side]
  const ofState = isState(ruleRow.families, family, metric)
  if (ofState) ruleRow.report(fireKey, `${metric} is a state and not a number: use fireEquals`)
  const convert = readUnit(ruleRow, subject)
  const fire = readLimits(ruleRow, side, fireKey, convert)
  const clear = Object.hasOwn(ruleRow.row, clearKey) ? readLimits(ruleRow, side, clearKey, convert) : fire
  if (fire === undefined || clear === undefined) return undefined
  if (clear.above > fire.above || clear.below < fire.below)
    ruleRow.report(clearKey, WRONG_SIDE[side](ruleRow))
  else if (!ofState && measure === undefined) reportUnreachable(ruleRow, side, fire, clear, subject)
  return { kind: 'limits', fire, clear }
}

const THEN = 'or an alert would clear as soon as it fires'
const WRONG_SIDE: Readonly<Record<Side, (ruleRow: RuleRow) => string>> = {
  above: ({ of }) => `must be at most fireAbove, ${of('fireAbove')}, ${THEN}`,
  below: ({ of }) => `must be at least fireBelow, ${of('fireBelow')}, ${THEN}`,
  outside: ({ of }) => `must be within fireOutside, ${JSON.stringify(of('fireOutside'))}, ${THEN}`,
}

type Convert = (value: number) => number

/**
 * Returns the conversion of thresholds to the unit of the metric. The number of a measure is a difference, so only the scale of the
 * unit applies, not its offset.
 */
function readUnit(ruleRow: RuleRow, { family, metric, measure }: Subject): Convert {
  const own = findUnit(ruleRow.families, family, metric)
  const unit = ruleRow.of<string>('unit')
  const keepValue: Convert = value => value
  if (unit === undefined) return keepValue
  if (measure?.unit) {
    const [key] = Object.keys(measure.keys)
    ruleRow.report('unit', `does not go with ${key}, ${measure.unit.because}`)
    return keepValue
  }
  if (own === undefined) return keepValue
  const convert = findConversion(own, unit)
  if (convert === undefined) {
    ruleRow.report('unit', own === '' ? `${ruleRow.of('metric')} has no unit` : describeUnfit(own, unit))
    return keepValue
  }
  return measure === undefined ? convert : value => Number((convert(value) - convert(0)).toPrecision(12))
}

function readLimits(ruleRow: RuleRow, side: Side, key: string, convert: Convert): Limits | undefined {
  const raw = ruleRow.of<number | readonly [number, number]>(key)
  if (raw === undefined) return undefined
  if (typeof raw === 'number') return { ...NONE, [side]: convert(raw) }
  const [least, most] = raw
  if (least < most) return { below: convert(least), above: convert(most) }
  ruleRow.report(key, `must be [least, most], and ${least} is not less than ${most}`)
  return undefined
}

/** Reports thresholds that no possible value of the metric can reach. */
function reportUnreachable(
  ruleRow: RuleRow,
  side: Side,
  fire: Limits,
  clear: Limits,
  { family, metric }: Subject,
): void {
  const bounds = family && metric !== undefined ? ruleRow.families.byName[family]?.bounds[metric] : undefined
  if (bounds === undefined || ruleRow.isFromLog) return
  const [least, most] = bounds
  const is = `${metric} is always ${formatRange(least, most, findUnit(ruleRow.families, family, metric))}`
  if (fire.above >= most && fire.below <= least) ruleRow.report(KEYS[side].fire, `would never fire: ${is}`)
  else if (clear.above < least || clear.below > most) {
    const key = Object.hasOwn(ruleRow.row, KEYS[side].clear) ? KEYS[side].clear : KEYS[side].fire
    ruleRow.report(key, `would never clear: ${is}`)
  }
}
