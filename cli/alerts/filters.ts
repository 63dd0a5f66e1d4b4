/** Options that select alerts. */

import { createKind, oneOf } from '#runtime/settings/index.ts'
import { SEVERITIES } from '../../lib/alerting/rule.ts'
import { WANTED_STATES } from '../../lib/queries/alerts/known-alerts.ts'
import type { AlertFilter } from '../../lib/tables/alert-summary.ts'
import { option, optionList, optionWithDefault, SOME_TEXT, TIME_OR_AGO, type ValuesOf } from '../command.ts'
import { usageFailure } from '../failure.ts'

const LABEL = createKind(text => {
  const equals = text.indexOf('=')
  return equals > 0 ? { name: text.slice(0, equals), value: text.slice(equals + 1) } : undefined
}, 'a label and its value, such as team=ops')

/** Help text about `--since` and `--until`. */
export const ABOUT_TIMES = `--since and --until refer to the time at which an alert fired. Without --since, only resolved alerts with an event in the day
before --until are included. The default of --until is now.`

export const SELECTION = {
  state: optionWithDefault('<state>', 'firing, resolved, or all of them', oneOf(WANTED_STATES), 'firing'),
  rule: option('<name>', 'only alerts of this rule; * matches any characters', SOME_TEXT),
  severity: option('<severity>', 'only alerts of this severity', oneOf(SEVERITIES)),
  entity: option(
    '<text>',
    'only alerts of this entity: a whole subject, or words of source and subject',
    SOME_TEXT,
  ),
  label: optionList(
    '<name=value>',
    'only alerts with this label; * matches any characters; can be repeated',
    LABEL,
  ),
  since: option(
    '<time>',
    'only alerts that fired since: an RFC 3339 time, or a duration before now',
    TIME_OR_AGO,
  ),
  until: option(
    '<time>',
    'only alerts that fired before: an RFC 3339 time, or a duration before now',
    TIME_OR_AGO,
  ),
}

type SelectionOptions = ValuesOf<typeof SELECTION>

/**
 * Returns the filter that the options describe.
 *
 * @throws CliFailure if `until` is not after `since`
 */
export function buildFilter({ label, since, until, ...same }: SelectionOptions): AlertFilter {
  if (since !== undefined && until !== undefined && until <= since)
    throw usageFailure('--until must be later than --since.')
  const { rule, severity, entity } = same
  const labels = Object.fromEntries(
    [...Map.groupBy(label, ({ name }) => name)].map(([name, all]) => [name, all.map(({ value }) => value)]),
  )
  const match = {
    labels,
    ...(rule === undefined ? {} : { rule: [rule] }),
    ...(severity === undefined ? {} : { severity: [severity] }),
  }
  return { match, entity, sinceMs: since, untilMs: until }
}

/** Returns whether the filter may exclude alerts. */
export function isNarrowed({ state: _, label, ...others }: SelectionOptions): boolean {
  const { rule, severity, entity, since, until } = others
  const isGiven = [rule, severity, entity, since, until].some(option => option !== undefined)
  return isGiven || label.length > 0
}
