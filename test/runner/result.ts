/** How one check or one test ended. */
export interface Result {
  readonly outcome: 'passed' | 'failed' | 'skipped'
  readonly name: string
  /** Relative to the project. */
  readonly file?: string
  /** Why it failed or was skipped. */
  readonly why?: string
  /** The number of the run, where there are several. */
  readonly run?: number
  /** What its file wrote meanwhile. */
  output?: string
}

/** The last line: it counts everything that ended, of all runs together. */
export function countLine(results: readonly Result[]): string {
  const count = (outcome: Result['outcome']) => results.filter(result => result.outcome === outcome).length
  const skipped = count('skipped')
  return [
    `${count('passed')} passed`,
    `${count('failed')} failed`,
    ...(skipped > 0 ? [`${skipped} skipped`] : []),
  ].join(', ')
}
