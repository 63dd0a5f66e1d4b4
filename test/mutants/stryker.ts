/** Tries mutants of TypeScript with StrykerJS, in a copy of the project. */
import { rmSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { delimiter, dirname, join, relative } from 'node:path'
import { Stryker } from '@stryker-mutator/core'
import { PROJECT } from '../support/program.ts'
import { type Judged, mutantsOf } from './mutant.ts'
import type { Passage } from './sample.ts'

const VERDICTS: Readonly<Record<string, Judged['verdict']>> = {
  Killed: 'killed',
  // The tests ended without a result, for example because a file could not be loaded.
  RuntimeError: 'killed',
  Timeout: 'timed-out',
  Survived: 'survived',
  NoCoverage: 'not-covered',
}

/** Resolves to the verdicts. @throws if a test fails without a mutant */
export async function tryPassages(
  passages: readonly Passage[],
  tests: readonly string[],
  jobs: number,
  signal: AbortSignal,
): Promise<Judged[]> {
  signal.throwIfAborted()
  const copies = `.local/mutants/${process.pid}`
  // Ended by a signal, StrykerJS leaves its copy behind.
  const remove = () => rmSync(join(PROJECT, copies), { recursive: true, force: true })
  const stop = () => process.exit(130)
  process.on('exit', remove)
  signal.addEventListener('abort', stop)
  // Fewer schedules than `npm test` plays: a mutant that none of them shows costs all of them.
  process.env.SEEDS = '40'
  // Inside a test, Node would report to its own runner instead of writing TAP.
  delete process.env.NODE_TEST_CONTEXT
  // The runner starts `node` by its name.
  process.env.PATH = [dirname(process.execPath), process.env.PATH].join(delimiter)
  try {
    return await runStryker(passages, tests, jobs, copies)
  } finally {
    process.off('exit', remove)
    signal.removeEventListener('abort', stop)
    remove()
  }
}

async function runStryker(
  passages: readonly Passage[],
  tests: readonly string[],
  jobs: number,
  copies: string,
): Promise<Judged[]> {
  const results = await new Stryker({
    mutate: passages.map(({ file, first, last }) => `${file}:${first}-${last}`),
    testRunner: 'tap',
    plugins: ['@stryker-mutator/tap-runner', './test/mutants/skip-prose.ts'],
    ignorers: ['prose'],
    tap: { testFiles: tests, nodeArgs: ['--test-reporter=tap'], forceBail: true },
    coverageAnalysis: 'perTest',
    concurrency: jobs,
    // Generous, because an endless loop is found by counting how often it meets the mutant.
    timeoutMS: 60_000,
    timeoutFactor: 4,
    dryRunTimeoutMinutes: 30,
    reporters: ['progress-append-only'],
    tempDirName: copies,
    ignorePatterns: ['.local', '.git'],
    // Workspaces must lead to the mutated copy. Every other package is found in a folder above it.
    symlinkNodeModules: false,
    buildCommand:
      "node --eval=require('fs').cpSync('../../../../node_modules/@sluice','node_modules/@sluice',{recursive:true,verbatimSymlinks:true})",
    disableTypeChecks: false,
    // A configuration would be rewritten through an interface that TypeScript 7 lacks.
    tsconfigFile: 'none',
    allowConsoleColors: false,
  }).runMutationTest()
  const judged: Judged[] = []
  for (const { fileName, location, replacement = '', status } of results) {
    const verdict = VERDICTS[status]
    if (verdict === undefined) continue
    const source = await readFile(fileName, 'utf8')
    const edit = { start: offsetOf(source, location.start), end: offsetOf(source, location.end), replacement }
    const [mutant] = mutantsOf(relative(PROJECT, fileName), source, [edit])
    if (mutant) judged.push({ mutant, verdict })
  }
  return judged
}

function offsetOf(source: string, { line, column }: { line: number; column: number }): number {
  const before = source.split('\n').slice(0, line - 1)
  return before.reduce((sum, one) => sum + one.length + 1, 0) + column - 1
}
