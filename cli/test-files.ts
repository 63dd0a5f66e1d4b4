/** Runs tests in YAML files, and reports them. */
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { errorLine, type LocatedError } from '../lib/alerting/check-rules.ts'
import { count } from '../lib/count.ts'
import { fileFailure } from '../lib/operations/file-failure.ts'
import { CliFailure } from './failure.ts'
import { pathIn, type Terminal } from './terminal.ts'

/** Results of the tests in one file. */
export interface FileResults<Result> {
  readonly results: readonly Result[]
  readonly faults: readonly LocatedError[]
}

/**
 * Runs the tests of files and folders, and prints a report.
 *
 * @param run runs the tests of one file. It gets the path, and the name to show.
 * @throws CliFailure if a test fails, or a file has an error
 */
export async function runTestFiles<Result extends { readonly passed: boolean }>(
  named: readonly string[],
  run: (path: string, shown: string) => Promise<FileResults<Result>>,
  text: (result: Result) => string,
  json: boolean,
  terminal: Terminal,
): Promise<void> {
  const files = (await Promise.all(named.map(name => testFiles(name, terminal)))).flat()
  const tests: Result[] = []
  const faults: LocatedError[] = []
  for (const file of files) {
    const found = await run(pathIn(terminal, file), file)
    tests.push(...found.results)
    faults.push(...found.faults)
  }
  const passed = tests.filter(one => one.passed).length
  const failed = tests.length - passed
  const all = `${passed} of ${count(tests.length, 'test')} in ${count(files.length, 'file')} passed`
  const lines = [...faults.map(errorLine), ...tests.map(text), all]
  const report = { files, passed, failed, tests, faults }
  terminal.stdout.write(json ? `${JSON.stringify(report, null, 2)}\n` : `${lines.join('\n')}\n`)
  if (faults.length > 0) throw new CliFailure(`${count(faults.length, 'fault')} in the test files.`)
  if (failed > 0) throw new CliFailure(`${failed} of ${count(tests.length, 'test')} failed.`)
}

/** Returns the test file or, for a folder, its *.yml and *.yaml files, sorted by name. */
async function testFiles(name: string, terminal: Terminal): Promise<readonly string[]> {
  const path = pathIn(terminal, name)
  const found = await stat(path).catch(error => {
    throw fileFailure(name, error)
  })
  if (!found.isDirectory()) return [name]
  const entries = await readdir(path, { withFileTypes: true })
  const inside = entries
    .filter(entry => !entry.isDirectory() && /\.ya?ml$/.test(entry.name))
    .map(entry => entry.name)
    .sort()
  if (inside.length === 0) throw new CliFailure(`${name}: the folder has no *.yml file, so it has no tests`)
  return inside.map(file => join(name, file))
}
