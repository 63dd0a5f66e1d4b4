/**
 * Reads a rule from its row, and reports errors that the schema cannot express: keys that contradict each other, and conditions
 * that can never be met.
 */
import { parseDuration } from '../support/duration.ts'
import { describeUnknown, nameHint } from '../support/suggestion.ts'
import type { ColumnType } from '../views/plan.ts'
import { NO_DATA } from './alert.ts'
import type { Condition } from './condition.ts'
import { readCompared } from './read-condition.ts'
import { readMatch } from './read-match.ts'
import type { Match, OnSilence, Rule, Severity } from './rule.ts'
import { findUnit, type RuleRow } from './rule-row.ts'
import { defaultSummary, summaryError } from './summary.ts'
import { readFamily, reportUnknownMetric } from './watched-names.ts'

/** Reads the valid keys of a row. The returned rule may only be used if no error was reported. */
export function readRule(ruleRow: RuleRow): Rule {
  const table = ruleRow.of<string>('table')
  const family = readFamily(ruleRow)
  const metric = ruleRow.of<string>(table === undefined ? 'metric' : 'column')
  if (table === undefined) reportUnknownMetric(ruleRow, family, metric)
  else if (metric !== undefined) reportUnknown(ruleRow, table, metric)
  const name = ruleRow.of<string>('name')
  if (name === NO_DATA && !ruleRow.isFromLog)
    ruleRow.report(
      'name',
      `${NO_DATA} is the name of the alerts of \`onSilence: no-data\`: choose another name`,
    )
  const { condition, measure, isUnfit } = readCompared(ruleRow, family, metric)
  const labels = { ...ruleRow.of<Record<string, string>>('labels') }
  const match: Match | undefined = readMatch(ruleRow, family === undefined ? [] : [family])
  const unit = findUnit(ruleRow.families, family, metric)
  const rule = {
    name: name ?? '',
    ...(table === undefined ? { family: family ?? '' } : { table }),
    metric: metric ?? '',
    ...(unit === undefined ? {} : { unit }),
    ...(match && { match }),
    condition: condition as Condition,
    ...(measure && { measure }),
    ...(isUnfit && { isUnfit }),
    forMs: parseDuration(ruleRow.of('for')) ?? 0,
    keepFiringForMs: parseDuration(ruleRow.of('keepFiringFor')) ?? 0,
    staleAfterMs: parseDuration(ruleRow.of('staleAfter')) ?? 0,
    onSilence: ruleRow.of<OnSilence>('onSilence') ?? 'keep',
    severity: ruleRow.of<Severity>('severity') ?? 'info',
    labels,
    summary: readSummary(ruleRow, labels, { condition, measure }),
    paused: ruleRow.of<boolean>('paused') ?? false,
  }
  if (rule.onSilence !== 'keep' && rule.staleAfterMs === 0 && ruleRow.of('staleAfter') !== undefined)
    ruleRow.report('onSilence', 'needs a staleAfter greater than 0, the duration of a silence')
  if (rule.onSilence === 'no-data' && Object.hasOwn(labels, 'rule'))
    ruleRow.report(
      'labels',
      'must not have the label "rule" with onSilence no-data: NoData sets it to the name of the rule',
    )
  return rule
}

/** Reports a table that does not exist, and a column that is not a column of numbers. */
function reportUnknown({ tables, report }: RuleRow, table: string, column: string): void {
  if (!tables) return
  const tablePlan = tables.find(({ name }) => name === table)
  if (!tablePlan) {
    report('table', describeUnknown('table', table, listNames(tables)))
    return
  }
  const own = tablePlan.columns.find(({ name }) => name === column)
  const numbers = tablePlan.columns.filter(({ type }) => NUMBERS.includes(type))
  if (!own) report('column', describeUnknown(`column of ${table}`, column, listNames(numbers)))
  else if (!numbers.includes(own))
    report('column', `${column} is ${own.type}, and not a number.${nameHint('', listNames(numbers))}`)
}

const NUMBERS: readonly ColumnType[] = ['BIGINT', 'DOUBLE']

function listNames(all: readonly { readonly name: string }[]): readonly string[] {
  return all.map(({ name }) => name)
}

function readSummary(
  { of, report }: RuleRow,
  labels: Rule['labels'],
  compared: Parameters<typeof defaultSummary>[0],
): string {
  const template = of<string>('summary')
  if (template === undefined) return defaultSummary(compared)
  const error = summaryError(template, labels, compared)
  if (error !== undefined) report('summary', error)
  return template
}
