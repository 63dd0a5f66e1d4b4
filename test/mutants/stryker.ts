/** Tries mutants of TypeScript with StrykerJS, in a copy of the project. */
import { readFile } from 'node:fs/promises'
import { delimiter, dirname, relative } from 'node:path'
import { Stryker } from '@stryker-mutator/core'
import { PROJECT } from '../support/program.ts'
import { type Judged, mutantsOf } from './mutant.ts'
import type { Passage } from './sample.ts'

const VERDICTS = {
  Killed: 'killed',
  Timeout: 'timed-out',
  // The mutated file could not be loaded.
  RuntimeError: 'killed',
  CompileError: 'killed',
  Survived: 'survived',
  NoCoverage: 'not-covered',
} as const

/** Resolves to the verdicts. @throws if the tests fail without mutants */
export async function tryPassages(
  passages: readonly Passage[],
  tests: readonly string[],
  jobs: number,
): Promise<Judged[]> {
  // The runner starts `node` by its name.
  process.env.PATH = [dirname(process.execPath), process.env.PATH].join(delimiter)
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
    tempDirName: '.local/mutants',
    ignorePatterns: ['.local', '.git'],
    // Workspaces must lead to the mutated copy. Every other package is found in a folder above it.
    symlinkNodeModules: false,
    buildCommand:
      "node --eval=require('fs').cpSync('../../../node_modules/@sluice','node_modules/@sluice',{recursive:true,verbatimSymlinks:true})",
    disableTypeChecks: false,
    // It would be rewritten with an interface that TypeScript 7 does not have.
    tsconfigFile: 'none',
    allowConsoleColors: false,
  }).runMutationTest()
  const judged: Judged[] = []
  for (const { fileName, location, replacement = '', status } of results) {
    if (!(status in VERDICTS)) continue
    const file = relative(PROJECT, fileName)
    const source = await readFile(fileName, 'utf8')
    const edit = { start: offsetOf(source, location.start), end: offsetOf(source, location.end), replacement }
    const verdict = VERDICTS[status as keyof typeof VERDICTS]
    judged.push(...mutantsOf(file, source, [edit]).map(mutant => ({ mutant, verdict })))
  }
  return judged
}

function offsetOf(source: string, { line, column }: { line: number; column: number }): number {
  const before = source.split('\n').slice(0, line - 1)
  return before.reduce((sum, one) => sum + one.length + 1, 0) + column - 1
}
