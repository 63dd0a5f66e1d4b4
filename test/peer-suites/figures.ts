/** Compares the counts of suites with those of `figures.json`, so that a fall is seen. Pure. */
import type { CaseResult } from './ksql-case.ts'

/** Number of cases by outcome. */
export type Counts = Readonly<Record<CaseResult['outcome'], number>>

/** Counts of a suite that must not get worse. */
type Figures = Readonly<Record<string, Pick<Counts, 'equal' | 'failed'>>>

/** Returns a sentence for each suite with fewer equal cases, or more failed ones, than the figures say. */
export function listFalls(figures: Figures, counts: Readonly<Record<string, Counts>>): readonly string[] {
  return Object.entries(counts).flatMap(([suite, { equal, failed }]) => {
    const before = figures[suite] ?? { equal: 0, failed: 0 }
    return equal < before.equal || failed > before.failed
      ? [
          `${suite}: ${before.equal} were equal and ${before.failed} failed before. --list shows which; if the suite has changed, write the new counts into test/peer-suites/figures.json.`,
        ]
      : []
  })
}
