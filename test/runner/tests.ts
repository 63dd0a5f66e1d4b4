/**
 * Runs test files with `node:test`, in a separate run for each file. In a common run, the time limit would apply to single tests,
 * so it could not end a file that loops or does not exit after its tests.
 */
import { resolve } from 'node:path'
import { run } from 'node:test'
import pMap, { pMapSkip } from 'p-map'
import { durationText } from '../../lib/duration.ts'
import { PROJECT } from '../support/program.ts'
import { type Result, resultsIn } from './results.ts'

export interface TestOptions {
  /** Number of files that run concurrently. */
  readonly width: number
  readonly env: NodeJS.ProcessEnv
  readonly signal: AbortSignal
  readonly print: (line: string) => void
  /**
   * Time limit of a file, in milliseconds. A file that exceeds it is ended and counts as failed. The limit allows for slow
   * machines.
   */
  readonly fileTimeoutMs?: number
}

const FILE_TIMEOUT_MS = 20 * 60_000
const MAX_SECOND_RUNS = 3

/** Runs test files, prints a line for each, and returns the results. Files that were stopped have no results. */
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
 * Runs test files like `runTests`, and then runs failed files once more, one at a time. A file that then passes counts as passed,
 * with a note in its results: the machine was too slow while other files were running. If more than `MAX_SECOND_RUNS` files fail,
 * slowness is not the cause, and none of them is run again.
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

/** Counts results by outcome. Outcomes that did not occur are omitted, except those in `always`. */
export function countsOf(results: readonly Result[], always: readonly Result['outcome'][] = []): string[] {
  return (['passed', 'failed', 'skipped'] as const).flatMap(outcome => {
    const count = results.filter(result => result.outcome === outcome).length
    return count > 0 || always.includes(outcome) ? [`${count} ${outcome}`] : []
  })
}

function indented(text: string): string {
  return text.replace(/^(?=.)/gm, '        ')
}
