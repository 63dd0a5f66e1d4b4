/** Finds alerts by the name of their rule. Pure. */

/**
 * Returns the alerts of the rule with exactly this name. If there are none, returns the alerts whose rule contains the text,
 * ignoring case.
 *
 * @param asked name or part of a name; if undefined, all alerts are returned
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

/** Returns the name of the rule without labels and metric. */
function nameIn(rule: string): string {
  return rule.replace(/[ {].*$/s, '')
}
