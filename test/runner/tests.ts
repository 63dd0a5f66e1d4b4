/**
 * Runs test files with `node:test`, each in a run of its own: the time limit of a run is that of each test in it, so a common run
 * could not end a file that loops, or that stays after its tests.
 */
import { resolve } from 'node:path'
import { run } from 'node:test'
import pMap, { pMapSkip } from 'p-map'
import { durationText } from '../../lib/duration.ts'
import { PROJECT } from '../support/program.ts'
import { type Result, resultsIn } from './results.ts'

export interface TestOptions {
  /** Number of files that run at once. */
  readonly width: number
  readonly env: NodeJS.ProcessEnv
  readonly signal: AbortSignal
  readonly print: (line: string) => void
  /** A file that takes longer is ended and has failed. It only ends a hopeless wait, so it allows for a slow machine. */
  readonly fileTimeoutMs?: number
}

const FILE_TIMEOUT_MS = 20 * 60_000
const MAX_SECOND_RUNS = 3

/** Runs test files, prints a line for each, and returns the results. Files that were stopped have none. */
export async function runTests(files: readonly string[], options: TestOptions): Promise<Result[]> {
  let ended = 0
  const place = () => `${String(++ended).padStart(String(files.length).length)}/${files.length}`
  const results = await pMap(
    files,
    file => (options.signal.aborted ? pMapSkip : runFile(file, place, options)),
    { concurrency: options.width },
  )
  return results.flat()
}

/**
 * Runs test files as `runTests` does, then the files that failed once more, one at a time. A file that passes then has passed, and
 * its results say so: the machine was too slow for it while others ran beside it. More than `MAX_SECOND_RUNS` failed files are no
 * accident of the machine, and none of them runs again.
 */
export async function runTestsTwice(files: readonly string[], options: TestOptions): Promise<Result[]> {
  const results = await runTests(files, options)
  const failed = new Set(results.flatMap(({ outcome, file }) => (outcome === 'failed' ? [file] : [])))
  if (failed.size === 0 || failed.size > MAX_SECOND_RUNS || options.signal.aborted) return results
  options.print('\nFailed files once more, one at a time')
  const again = await runTests([...failed], { ...options, width: 1 })
  if (options.signal.aborted) return results
  const failedAgain = new Set(again.flatMap(({ outcome, file }) => (outcome === 'failed' ? [file] : [])))
  return [
    ...results.filter(({ file }) => !failed.has(file)),
    ...again.map(result =>
      result.outcome === 'passed' && !failedAgain.has(result.file)
        ? { ...result, why: 'in a second run' }
        : result,
    ),
  ]
}

async function runFile(
  file: string,
  place: () => string,
  { env, signal, print, fileTimeoutMs = FILE_TIMEOUT_MS }: TestOptions,
): Promise<Result[]> {
  const startedAtMs = Date.now()
  const events = run({
    files: [resolve(PROJECT, file)],
    env,
    signal: AbortSignal.any([signal, AbortSignal.timeout(fileTimeoutMs)]),
    cwd: PROJECT,
  })
  const { results, output } = await resultsIn(file, events)
  if (signal.aborted) return []
  const failures = results.filter(({ outcome }) => outcome === 'failed')
  const counts = countsOf(results).join(', ')
  const mark = failures.length > 0 ? 'FAIL' : 'ok  '
  print(`  ${mark} ${place()}  ${file}  ${counts}  (${durationText(Date.now() - startedAtMs)})`)
  for (const { name, why = '' } of failures) print(indented(`${name}: ${why}`))
  if (failures.length > 0 && output !== '')
    print(indented(`Output:\n${output.split('\n').slice(-60).join('\n')}`))
  return results
}

/** Counts the results by outcome, and leaves out what did not occur. */
export function countsOf(results: readonly Result[], always: readonly Result['outcome'][] = []): string[] {
  return (['passed', 'failed', 'skipped'] as const).flatMap(outcome => {
    const count = results.filter(result => result.outcome === outcome).length
    return count > 0 || always.includes(outcome) ? [`${count} ${outcome}`] : []
  })
}

function indented(text: string): string {
  return text.replace(/^(?=.)/gm, '        ')
}
