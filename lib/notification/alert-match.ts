/** Checks whether alerts match the condition of a route or a silence. Pure. */
import type { Alert } from '../alerting/alert.ts'
import { matchesAnyPattern, matchesConditions, readOwn } from '../support/text-match.ts'

/** Condition on alerts. For every key, one of the patterns must match; see `matchesAnyPattern`. */
export interface AlertMatch {
  readonly rule?: readonly string[]
  readonly severity?: readonly string[]
  /** Allowed values of labels, by label name. An alert without the label does not match. */
  readonly labels?: Readonly<Record<string, readonly string[]>>
  /** Allowed CloudEvents sources of the entity, such as `/greenhouse/north`. */
  readonly source?: readonly string[]
  /** Allowed CloudEvents subjects of the entity, such as the id of a sensor. */
  readonly entity?: readonly string[]
}

/** Properties of an alert on which routes and silences can have conditions. */
export interface AlertFacts extends Pick<Alert, 'rule' | 'labels' | 'entity'> {
  readonly severity: string
}

export function matchesAlert(match: AlertMatch, { rule, severity, labels, entity }: AlertFacts): boolean {
  return (
    fits(match.rule, rule) &&
    fits(match.severity, severity) &&
    fits(match.source, entity.source) &&
    fits(match.entity, entity.subject) &&
    matchesConditions(Object.entries(match.labels ?? {}), readOwn(labels))
  )
}

function fits(texts: readonly string[] | undefined, found: string | undefined): boolean {
  return texts === undefined || matchesAnyPattern(texts, found)
}

/** Formats a condition as one line, such as `rule=HIGH_*,LOW_* severity=critical labels.team=infra`. */
export function matchText({ labels = {}, ...match }: AlertMatch): string {
  const rows = [
    ...Object.entries(match),
    ...Object.entries(labels).map(([name, texts]) => [`labels.${name}`, texts]),
  ]
  return (rows as [string, readonly string[]][])
    .map(([name, texts]) => `${name}=${texts.join(',')}`)
    .join(' ')
}
