/**
 * Runs test files with `node:test`, each in a run of its own. One run for all of them cannot end a single file that takes too
 * long: its `timeout` is that of each test, and a file that loops, or waits after its tests, would hold up the others.
 */
import { resolve } from 'node:path'
import { run } from 'node:test'
import pMap, { pMapSkip } from 'p-map'
import { PROJECT } from '../support/program.ts'
import { resultsIn } from './reporter.ts'
import type { Result } from './result.ts'
import type { Screen } from './screen.ts'

export interface TestOptions {
  /** How many files run at once. */
  readonly width: number
  /** A file that takes longer is ended and has failed. */
  readonly fileTimeoutMs: number
  readonly env: NodeJS.ProcessEnv
  readonly signal: AbortSignal
}

/** Runs test files, each in a process of its own, and tells how each ended; the files are relative to the project. */
export async function runTests(
  files: readonly string[],
  options: TestOptions,
  screen: Screen,
): Promise<Result[]> {
  const { width, signal } = options
  const results = await pMap(files, file => (signal.aborted ? pMapSkip : runFile(file, options, screen)), {
    concurrency: width,
  })
  return results.flat()
}

async function runFile(
  file: string,
  { fileTimeoutMs, env, signal }: TestOptions,
  screen: Screen,
): Promise<Result[]> {
  screen.begun(file)
  const events = run({
    files: [resolve(PROJECT, file)],
    env: definedOnly(env),
    signal: AbortSignal.any([signal, AbortSignal.timeout(fileTimeoutMs)]),
    cwd: PROJECT,
  })
  const results = await resultsIn(file, events, signal)
  const hasFailed = results.some(({ outcome }) => outcome === 'failed')
  screen.ended(file, hasFailed ? 'failed' : 'passed', countsOf(results))
  // In full at the end; who watches a long run, or sees a part of what it printed, should not have to wait for that.
  for (const { name, why = '' } of results.filter(({ outcome }) => outcome === 'failed'))
    screen.line(`        ${name}: ${why.split('\n')[0]}`)
  return results
}

function countsOf(results: readonly Result[]): string {
  const counts = (['passed', 'failed', 'skipped'] as const).flatMap(outcome => {
    const count = results.filter(result => result.outcome === outcome).length
    return count > 0 ? [`${count} ${outcome}`] : []
  })
  return counts.join(', ')
}

function definedOnly(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined))
}
