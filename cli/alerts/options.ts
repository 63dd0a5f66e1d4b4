/** The options with which commands select alerts. */
import type { Command } from 'commander'
import { SEVERITIES } from '../../lib/alerting/rule.ts'
import { WANTED_STATES, type WantedState } from '../../lib/queries/known-alerts.ts'
import type { AlertFilter, Label } from '../../lib/tables/alert-summary.ts'
import { parsedBy } from '../../packages/runtime/settings/values.ts'
import { choice, listParserOf, someText, timeOrAgo } from '../arguments.ts'
import { usageFailure } from '../failure.ts'

export interface SelectionOptions {
  readonly state: WantedState
  readonly rule?: string
  readonly severity?: string
  readonly entity?: string
  readonly label: readonly Label[]
  readonly since?: number
  readonly until?: number
  readonly unacknowledged?: true
}

const LABEL = parsedBy(text => {
  const equals = text.indexOf('=')
  return equals > 0 ? { name: text.slice(0, equals), value: text.slice(equals + 1) } : undefined
}, 'a label and its value, as team=ops')

/** What becomes of alerts without --since, for the help of commands with these options. */
export const ABOUT_TIMES = `--since and --until go by when an alert fired. Without --since, alerts that have resolved are those of which the topic has had an
event in the day before --until, or before now.`

export function addSelection(command: Command): Command {
  return command
    .addOption(choice('--state <state>', 'firing, resolved, or all of them', WANTED_STATES).default('firing'))
    .option('--rule <name>', 'only of this rule', someText)
    .addOption(choice('--severity <severity>', 'only of this severity', SEVERITIES))
    .option('--entity <text>', 'only of this: a whole subject, or a part of source and subject', someText)
    .option('--label <name=value>', 'only with this label; again for more', listParserOf(LABEL), [])
    .option('--since <time>', 'only what fired since: an RFC 3339 time, or a duration before now', timeOrAgo)
    .option('--until <time>', 'only what fired before: an RFC 3339 time, or a duration before now', timeOrAgo)
    .option('--unacknowledged', 'only alerts without an acknowledgement')
}

/** @throws CliFailure for a time that ends before it begins */
export function filterOf({ label, since, until, ...same }: SelectionOptions): AlertFilter {
  if (since !== undefined && until !== undefined && until <= since)
    throw usageFailure('--until must be later than --since.')
  const { rule, severity, entity, unacknowledged } = same
  return { rule, severity, entity, unacknowledged, labels: label, sinceMs: since, untilMs: until }
}

/** Whether there may be alerts that the filter leaves out. */
export function isNarrowed({ state: _, label, ...others }: SelectionOptions): boolean {
  const { rule, severity, entity, since, until, unacknowledged } = others
  return (
    label.length > 0 || [rule, severity, entity, since, until, unacknowledged].some(one => one !== undefined)
  )
}
