/** Reads the condition and the measure of a rule over values. The keys of the row determine their kinds. */
import { type Condition, conditionKind, type Measure } from './condition.ts'
import { CONDITIONS, MEASURES } from './kinds/all.ts'
import type { ConditionKind, MeasureKind, Subject } from './kinds/kind.ts'
import { FIRE_KEYS, FIRE_KEYS_IN_PATTERNS, MEASURE_KEYS } from './rule-keys.ts'
import { findKind, type RuleFileRow, type RuleRow } from './rule-row.ts'

interface ReadCondition {
  /** Condition of the rule; undefined if it has an error. */
  readonly condition?: Condition | undefined
  readonly measure?: Measure | undefined
  /** True if the rule was activated before the family said what the metric is, and means nothing for it. */
  readonly isUnfit?: boolean
}

const CONDITION_KINDS: readonly ConditionKind<Condition>[] = Object.values(CONDITIONS)
const MEASURE_KINDS: readonly MeasureKind<Measure>[] = Object.values(MEASURES)

/** Reads the condition and, if the rule has one, the measure. */
export function readCompared(
  ruleRow: RuleRow,
  family: string | undefined,
  metric: string | undefined,
): ReadCondition {
  const [kind, other] = MEASURE_KINDS.filter(({ keys }) =>
    firstKey(keys, key => ruleRow.of(key) !== undefined),
  )
  if (other)
    ruleRow.report(
      firstKey(other.keys) as string,
      `does not go with ${firstKey(kind?.keys ?? {})}: a rule compares one of the two`,
    )
  const is = findKind(ruleRow.families, family, metric)
  const measure = other ? undefined : kind?.read(ruleRow, { family, metric, is })
  const condition = readCondition(ruleRow, family, metric, measure && kind)
  const fits = [kind, condition && conditionKind(condition)].map(
    used => !used || fitsMetric(ruleRow, used, { family, metric, is }),
  )
  return { condition, measure, isUnfit: fits.includes(false) }
}

/** Returns whether a kind means something for a metric. Reports an error if it does not, unless the rule is in the log already. */
function fitsMetric(
  { row, report, families, isFromLog }: RuleRow,
  { keys, refuses }: Pick<ConditionKind<never>, 'keys' | 'refuses'>,
  { family, metric, is }: Subject,
): boolean {
  const refusal = refuses?.[is]
  if (refusal === undefined) return true
  const place = families.byName[String(family)]?.file.kindsAt?.[String(metric)]
  if (!isFromLog)
    report(
      firstKey(keys, key => Object.hasOwn(row, key)) as string,
      `does not go with ${metric}, which is a ${is}${place ? ` (${place})` : ''}: ${refusal}`,
    )
  return false
}

/**
 * Reads the condition of a rule.
 *
 * @param measure kind of the rule's measure; undefined if the value itself is compared
 */
export function readCondition(
  ruleRow: RuleRow,
  family: string | undefined,
  metric: string | undefined,
  measure?: MeasureKind<Measure>,
): Condition | undefined {
  const isGiven = (key: string) => FIRE_KEYS.includes(key) && Object.hasOwn(ruleRow.row, key)
  const kind = CONDITION_KINDS.findLast(({ keys }) => firstKey(keys, isGiven))
  if (!kind) return undefined
  if (kind.alone !== undefined)
    for (const key of ['unit', ...Object.keys(MEASURE_KEYS)])
      if (Object.hasOwn(ruleRow.row, key))
        ruleRow.report(key, `does not go with ${firstKey(kind.keys, isGiven)}: ${kind.alone}`)
  return kind.read(ruleRow, { family, metric, is: findKind(ruleRow.families, family, metric), measure })
}

function firstKey(keys: Readonly<Record<string, unknown>>, is: (key: string) => boolean = () => true) {
  return Object.keys(keys).find(is)
}

/** Returns the keys and values of a condition as in a rule file. */
export function conditionRow(condition: Condition): RuleFileRow {
  return conditionKind(condition).row(condition)
}

/** Returns the keys and values of a condition that patterns support. */
export function conditionRowInPattern(condition: Condition): RuleFileRow {
  const rows = Object.entries(conditionRow(condition))
  return Object.fromEntries(rows.filter(([key]) => FIRE_KEYS_IN_PATTERNS.includes(key)))
}
