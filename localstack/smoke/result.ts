/** What has become of the readings so far. */
export interface Seen {
  readonly sent: number
  /** How many the processor has counted. */
  readonly processed: number
  /** The rules of which an alert must fire. */
  readonly expected: readonly string[]
  readonly fired: ReadonlySet<string>
  /** By consumer of readings: records up to the last one sent that it has not got through. */
  readonly pending: ReadonlyMap<string, number>
}

export function isPassed(seen: Seen): boolean {
  return failureOf(seen) === undefined
}

export function summaryOf({ processed, fired, pending }: Seen): string[] {
  return [
    `Messages processed: ${processed}`,
    `Alerts generated: ${fired.size}`,
    `Messages pending in queue: ${Math.max(0, ...pending.values())}`,
  ]
}

/** Names all that did not get through, and what to look at; undefined where all did. */
export function failureOf({ sent, processed, expected, fired, pending }: Seen): string | undefined {
  const behind = [...pending].filter(([, count]) => count > 0)
  const silent = expected.filter(rule => !fired.has(rule))
  const faults = [
    ...(pending.size === 0 ? ['no function of serverless.yml reads the topic'] : []),
    ...(processed === sent ? [] : [`${sent - processed} of ${sent} readings are not counted by processor`]),
    ...(behind.length > 0
      ? [`pending: ${behind.map(([name, count]) => `${count} at ${name}`).join(', ')}`]
      : []),
    ...(silent.length > 0 ? [`no alert of ${silent.join(', ')}`] : []),
  ]
  if (faults.length === 0) return undefined
  const isOnlyAlerts = silent.length > 0 && faults.length === 1
  const hint = isOnlyAlerts
    ? 'Does the stack run with the rules that ship, or with another RULES_DIR?'
    : 'Does the stack run? npm start shows what stands still.'
  return `${faults.join('; ')}. ${hint}`
}
