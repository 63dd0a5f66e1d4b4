/** Checks whether alerts match the condition of a route or a silence. Pure. */
import type { Alert } from '../alerting/alert.ts'

/**
 * Condition on alerts. For every key, one of the texts must match. In a text, `*` matches any characters. No other character is
 * special, so the time of a comparison is limited by the lengths of the two texts.
 */
export interface AlertMatch {
  readonly rule?: readonly string[]
  readonly severity?: readonly string[]
  /** Allowed values of labels, by label name. An alert without the label does not match. */
  readonly labels?: Readonly<Record<string, readonly string[]>>
  /** Allowed CloudEvents sources of the entity, such as `/environment/oslo`. */
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
    Object.entries(match.labels ?? {}).every(([name, texts]) =>
      fits(texts, Object.hasOwn(labels, name) ? labels[name] : undefined),
    )
  )
}

function fits(texts: readonly string[] | undefined, found: string | undefined): boolean {
  if (texts === undefined) return true
  return found !== undefined && texts.some(text => matchesText(text, found))
}

/** Returns whether a pattern matches the whole text. In the pattern, `*` matches any characters. */
export function matchesText(pattern: string, text: string): boolean {
  const [first = '', ...others] = pattern.split('*')
  const last = others.pop()
  if (last === undefined) return pattern === text
  const end = text.length - last.length
  if (!text.startsWith(first) || !text.endsWith(last) || end < first.length) return false
  // Use the leftmost match of each part. It leaves the most text for the following parts, so backtracking is never needed.
  let at = first.length
  for (const part of others) {
    const found = text.indexOf(part, at)
    if (found < 0 || found + part.length > end) return false
    at = found + part.length
  }
  return true
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
