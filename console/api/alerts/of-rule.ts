/** Finds alerts by the name of their rule. Pure. */

/**
 * Returns the alerts of exactly this rule; without any, those with the text in the name of their rule, ignoring case. So an
 * entity is found, too.
 *
 * @param asked undefined: all of them
 */
export function alertsOfRule<Alert extends { readonly rule: string }>(
  alerts: readonly Alert[],
  asked: string | undefined,
): Alert[] {
  if (asked === undefined) return [...alerts]
  const exact = alerts.filter(({ rule }) => nameIn(rule) === asked)
  if (exact.length > 0) return exact
  return alerts.filter(({ rule }) => nameIn(rule).toLowerCase().includes(asked.toLowerCase()))
}

/** Without the labels and the metric that alerting knows it by. */
function nameIn(rule: string): string {
  return rule.replace(/[ {].*$/s, '')
}
