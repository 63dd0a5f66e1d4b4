/** Progress of the smoke test's readings through the stack. */
export interface SmokeProgress {
  readonly sent: number
  /** Number of readings that the processor has processed. */
  readonly processed: number
  /** Names of the rules that must fire alerts. */
  readonly expected: readonly string[]
  readonly fired: ReadonlySet<string>
  /** Number of records, up to the last one sent, that each consumer has not processed yet. */
  readonly pending: ReadonlyMap<string, number>
}

export function isPassed(seen: SmokeProgress): boolean {
  return describeFailure(seen) === undefined
}

export function formatSummary({ processed, fired, pending }: SmokeProgress): string[] {
  return [
    `Messages processed: ${processed}`,
    `Alerts generated: ${fired.size}`,
    `Messages pending in queue: ${Math.max(0, ...pending.values())}`,
  ]
}

/** Describes all missing results and what to check; undefined if nothing is missing. */
export function describeFailure({
  sent,
  processed,
  expected,
  fired,
  pending,
}: SmokeProgress): string | undefined {
  const behind = [...pending].filter(([, count]) => count > 0)
  const silent = expected.filter(rule => !fired.has(rule))
  const failures = [
    ...(pending.size === 0 ? ['no function in serverless.yml reads the topic'] : []),
    ...(processed === sent
      ? []
      : [`${sent - processed} of ${sent} readings were not processed by processor`]),
    ...(behind.length > 0
      ? [`pending: ${behind.map(([name, count]) => `${count} at ${name}`).join(', ')}`]
      : []),
    ...(silent.length > 0 ? [`no alerts of ${silent.join(', ')}`] : []),
  ]
  if (failures.length === 0) return undefined
  const isOnlyAlerts = silent.length > 0 && failures.length === 1
  const hint = isOnlyAlerts
    ? 'Check that the stack uses the shipped rules and not another RULES_DIR.'
    : 'Check that the stack is running. npm start shows stalled functions.'
  return `${failures.join('; ')}. ${hint}`
}
