/** When a value is bad: beyond limits, or one of some states. Pure. */

/** A value is beyond them if it is greater than `above` or less than `below`. A limit that a rule does not have is infinite. */
export interface Limits {
  readonly above: number
  readonly below: number
}

/** `fire` counts until the alert fires, `clear` from then on. They are equal unless the rule has hysteresis. */
interface Beyond {
  readonly kind: 'limits'
  readonly fire: Limits
  readonly clear: Limits
}

interface IsOneOf {
  readonly kind: 'states'
  readonly states: readonly string[]
}

export type Condition = Beyond | IsOneOf

/** A number for limits, a text for states. */
export type Value = number | string

/** Whether the value is bad for a rule that does not fire yet. A value equal to the threshold is not. */
export function fires(condition: Condition, value: Value): boolean {
  return condition.kind === 'limits'
    ? isBeyond(condition.fire, value)
    : condition.states.includes(value as string)
}

/** Whether the value keeps an alert firing. */
export function holds(condition: Condition, value: Value): boolean {
  return condition.kind === 'limits'
    ? isBeyond(condition.clear, value)
    : condition.states.includes(value as string)
}

function isBeyond({ above, below }: Limits, value: Value): boolean {
  return (value as number) > above || (value as number) < below
}

/**
 * The limit that a value is compared with: of two, the one that the value is beyond or closer to. Undefined for states.
 *
 * @param which the limits for firing or for clearing
 */
export function thresholdFor(
  condition: Condition,
  which: 'fire' | 'clear',
  value: Value,
): number | undefined {
  if (condition.kind === 'states') return undefined
  const { above, below } = condition[which]
  if (above === Number.POSITIVE_INFINITY) return below
  if (below === Number.NEGATIVE_INFINITY) return above
  return Math.abs((value as number) - above) <= Math.abs((value as number) - below) ? above : below
}
