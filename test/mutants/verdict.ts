/** The summary of a mutation run, and whether it passes. */
import { keyOf, type Mutant } from './mutant.ts'
import { isSurvivor, type Judged } from './run.ts'
import type { Survivor } from './survivors.ts'

/** Upper bound for the share of survivors in a sample. */
const MOST_SURVIVORS = 0.05

export interface Verdict {
  readonly isGood: boolean
  readonly lines: readonly string[]
}

export function verdictOf(judged: readonly Judged[], known: ReadonlyMap<string, Survivor>): Verdict {
  const survived = judged.filter(isSurvivor)
  const unnamed = survived.filter(({ mutant }) => !known.has(keyOf(mutant)))
  const killed = judged.filter(one => !survived.includes(one) && known.has(keyOf(one.mutant)))
  const rate = survived.length / judged.length
  const timedOut = judged.filter(({ verdict }) => verdict === 'timed-out').length
  const percent = `${(100 * rate).toFixed(1)} %`
  return {
    isGood: unnamed.length === 0 && rate <= MOST_SURVIVORS,
    lines: [
      ...survived.filter(one => !unnamed.includes(one)).flatMap(one => described(one, known)),
      ...unnamed.flatMap(one => described(one, known)),
      ...killed.map(({ mutant }) => `${placeOf(mutant)}  is listed as a survivor, but was killed`),
      `${judged.length} mutants: ${judged.length - survived.length} killed (${timedOut} of them timed out), ` +
        `${survived.length} survived (${percent}, at most ${100 * MOST_SURVIVORS} % may), ${unnamed.length} of them without a reason`,
    ],
  }
}

function described({ mutant, verdict }: Judged, known: ReadonlyMap<string, Survivor>): string[] {
  const reason = known.get(keyOf(mutant))?.reason
  const how = reason === undefined ? `${verdict}, without a reason in survivors.json` : `survived: ${reason}`
  return [`${placeOf(mutant)}  ${how}`, `    - ${mutant.before}`, `    + ${mutant.after}`]
}

function placeOf({ file, line }: Mutant): string {
  return `${file}:${line}`
}
