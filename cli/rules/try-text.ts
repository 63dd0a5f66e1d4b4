/** Formats the result of a trial of rules as text. */

import { count } from '../../lib/support/count.ts'
import { durationText } from '../../lib/support/duration.ts'
import { utcSecond } from '../../lib/support/time-text.ts'
import type { Tried, TriedAlert, TriedRule } from '../../lib/trials/try-rules/try-rules.ts'
import { type Column, formatTable } from '../output/table.ts'
import { escapeText } from '../output/text-width.ts'

/** Maximum number of alerts. The output of `--json` contains all alerts. */
const SHOWN = 200
/** Delay after which the start of the readings counts as a missing beginning, in milliseconds. */
const LATE_MS = 10 * 60_000

const RULES: readonly Column[] = [
  { heading: 'RULE', least: 10 },
  ...['WOULD FIRE', 'ENTITIES', 'STILL FIRING', 'FIRED'].map(
    heading => ({ heading, align: 'right' }) satisfies Column,
  ),
]
const ALERTS: readonly Column[] = [
  { heading: 'RULE', least: 10 },
  { heading: 'ENTITY', least: 12, cut: 'start' },
  { heading: 'WOULD FIRE' },
  { heading: 'FOR', align: 'right' },
  { heading: 'VALUE', align: 'right', leaveOut: 1 },
]

export function formatTrial(result: Tried, columns?: number): string {
  const { rules, alerts } = result
  const rest = alerts.length > SHOWN ? `and ${alerts.length - SHOWN} more: --json has all` : ''
  const parts = [
    formatSummary(result),
    formatTable(RULES, rules.map(toRuleRow), columns),
    alerts.length > 0 ? formatTable(ALERTS, alerts.slice(0, SHOWN).map(toAlertRow), columns) : 'No alerts.',
    rest,
    ...formatNotes(result),
  ]
  return `${parts.filter(Boolean).join('\n\n')}\n`
}

function toRuleRow({ rule, left, alerts, entities, firing, fired }: TriedRule): readonly string[] {
  const counts = left ? ['-', '-', '-'] : [alerts, entities, firing].map(String)
  return [rule, ...counts, fired === null ? '-' : String(fired)]
}

function toAlertRow({ rule, entity, fromMs, toMs, value = '-' }: TriedAlert): readonly string[] {
  const length = toMs === null ? 'still firing' : durationText(toMs - fromMs)
  return [rule, entity, utcSecond(fromMs), length, String(value)]
}

function formatSummary({ sinceMs, untilMs, readings, duplicates, failed, alerts }: Tried): string {
  const repeated = duplicates > 0 ? `, ${count(duplicates, 'duplicate')} left out` : ''
  const refused = failed > 0 ? `, ${count(failed, 'record')} rejected` : ''
  const range = `${utcSecond(sinceMs)} to ${utcSecond(untilMs)}`
  return `${count(readings, 'reading')}${repeated}${refused}, ${range}: ${count(alerts.length, 'alert')} would fire.`
}

function formatNotes({ missing, rules, warmFromMs, beginsMs, sinceMs }: Tried): readonly string[] {
  const isLate = beginsMs !== null && beginsMs > warmFromMs + LATE_MS
  const untried = rules.filter(({ left }) => left === 'beyond-readings').map(({ rule }) => escapeText(rule))
  return [
    untried.length > 0
      ? `Not tried, because they evaluate more than readings of one entity: ${untried.join(', ')}.`
      : '',
    isLate
      ? `The readings begin at ${utcSecond(beginsMs)}. The state before is unknown, so rules with a duration may fire late at first.`
      : warmFromMs < sinceMs
        ? `Readings since ${utcSecond(warmFromMs)} were evaluated for the state at the start. The state before is unknown.`
        : 'The state before the first reading is unknown.',
    ...missing.map(
      ({ topic, partition, fromOffset, toOffset }) =>
        `Missing in the history and in the log: offsets ${fromOffset} to ${toOffset} of ${topic}/${partition}.`,
    ),
  ]
}
