/**
 * Runs test files with `node:test`, each in a run of its own. One run for all of them cannot end a single file that takes too
 * long: its `timeout` is that of each test, and a file that loops, or waits after its tests, would hold up the others.
 */
import { resolve } from 'node:path'
import { run } from 'node:test'
import { PROJECT } from '../support/program.ts'
import { inLanes } from './lanes.ts'
import { resultsIn } from './reporter.ts'
import type { Result } from './result.ts'
import type { Screen } from './screen.ts'

export interface TestFile {
  /** Relative to the project. */
  readonly path: string
  /** If it takes longer, it is ended and has failed. */
  readonly timeoutMs: number
  /** Busy for long: only short ones run beside it. */
  readonly isLong: boolean
  /** For most of its time: two others can run beside it. */
  readonly waits: boolean
}

export interface TestOptions {
  /** How many files run at once, without one that mostly waits. */
  readonly width: number
  readonly env: NodeJS.ProcessEnv
  readonly signal: AbortSignal
}

/** Runs test files, each in a process of its own, and tells how each ended. */
export async function runTests(
  files: readonly TestFile[],
  options: TestOptions,
  screen: Screen,
): Promise<Result[]> {
  const { width, signal } = options
  return (await inLanes(files, width, file => runFile(file, options, screen), signal)).flat()
}

async function runFile(
  { path: file, timeoutMs }: TestFile,
  { env, signal }: TestOptions,
  screen: Screen,
): Promise<Result[]> {
  screen.begun(file)
  const events = run({
    files: [resolve(PROJECT, file)],
    env: definedOnly(env),
    signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
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
