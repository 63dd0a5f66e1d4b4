import type { Result } from './result.ts'

/** A check or a test that did not end in the same way each time. */
export interface Difference {
  readonly name: string
  readonly file?: string
  /** Each way in which it ended, in order of the run in which it first did. */
  readonly endings: readonly Ending[]
}

interface Ending {
  /** `absent`: the run has no result of it. */
  readonly outcome: Result['outcome'] | 'absent'
  /** The numbers of the runs, from 1 on. */
  readonly runs: readonly number[]
  /** Why it failed or was skipped in the first of them. */
  readonly why?: string
}

/** Compares complete runs of the same selection. What ended alike in all of them is not listed, a failure included. */
export function differences(runs: readonly (readonly Result[])[]): Difference[] {
  const byRun = runs.map(byIdentity)
  const identities = new Set(byRun.flatMap(results => [...results.keys()]))
  return [...identities].flatMap(identity => {
    const results = byRun.map(run => run.get(identity))
    const endings = endingsOf(results)
    const { name, file } = results.find(result => result !== undefined) as Result
    return endings.length > 1 ? [{ name, ...(file !== undefined && { file }), endings }] : []
  })
}

/** A line for each, and below it how it ended when. */
export function describeDifferences(found: readonly Difference[], runs: number): string[] {
  if (found.length === 0) return [`The same in each of ${runs} runs.`]
  const lines = found.flatMap(({ name, file, endings }) => [
    `  ${name}`,
    ...(file !== undefined && file !== name ? [`      ${file}`] : []),
    ...endings.map(({ outcome, runs: which, why }) => {
      const what = outcome === 'absent' ? 'did not run' : outcome
      return `      ${what} in ${which.join(', ')}${why ? `: ${firstLine(why)}` : ''}`
    }),
  ])
  return [`Not the same in each of ${runs} runs:`, ...lines]
}

/** Tests of a file can have the same name: then they are told apart by their order in it. */
function byIdentity(results: readonly Result[]): Map<string, Result> {
  const map = new Map<string, Result>()
  for (const result of results) {
    let count = 1
    while (map.has(identityOf(result, count))) count += 1
    map.set(identityOf(result, count), result)
  }
  return map
}

function identityOf({ file, name }: Result, count: number): string {
  return JSON.stringify([file, name, count])
}

function endingsOf(results: readonly (Result | undefined)[]): Ending[] {
  const endings = new Map<Ending['outcome'], Ending>()
  for (const [index, result] of results.entries()) {
    const outcome = result?.outcome ?? 'absent'
    const known = endings.get(outcome)
    const why = known ? known.why : result?.why
    endings.set(outcome, {
      outcome,
      runs: [...(known?.runs ?? []), index + 1],
      ...(why !== undefined && { why }),
    })
  }
  return [...endings.values()]
}

function firstLine(text: string): string {
  return text.trim().split('\n', 1)[0] as string
}
