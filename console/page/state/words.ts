/** Figures of a consumer's state. Pure. */

const DECIDED = ['applied', 'duplicate', 'ignored', 'failed', 'parked']

/** Returns the number of processed records. A parked record is counted only once, when it is parked. */
export function decidedOf(tally: Readonly<Record<string, number>>): number {
  return outcomesOf(tally)
    .filter(({ outcome }) => DECIDED.includes(outcome))
    .reduce((sum, { count }) => sum + count, 0)
}

export interface Outcome {
  readonly outcome: string
  readonly count: number
  /** Most frequent first. */
  readonly reasons: readonly { readonly reason: string; readonly count: number }[]
}

/** Groups counters named `outcome/reason` by outcome. The most frequent outcome is first. */
export function outcomesOf(tally: Readonly<Record<string, number>>): readonly Outcome[] {
  const byOutcome = Map.groupBy(Object.entries(tally), ([name]) => name.slice(0, name.indexOf('/')))
  return [...byOutcome]
    .map(([outcome, counters]) => {
      const reasons = counters
        .map(([name, count]) => ({ reason: name.slice(name.indexOf('/') + 1), count }))
        .sort((a, b) => b.count - a.count)
      return { outcome, count: reasons.reduce((sum, { count }) => sum + count, 0), reasons }
    })
    .sort((a, b) => b.count - a.count)
}
