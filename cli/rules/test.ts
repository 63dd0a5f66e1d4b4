import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { flagField, listField, nameField } from '../../control/questions/field.ts'
import {
  type Difference,
  runTest,
  type ShownNotification,
  type TestResult,
} from '../../control/trials/rule-tests/run.ts'
import { readTestFile } from '../../control/trials/rule-tests/test-file.ts'
import type { Vocabulary } from '../../lib/app/naming/names.ts'
import { FAMILIES, NAMES, readSettings } from '../../lib/app/settings/index.ts'
import { count } from '../../lib/support/count.ts'
import { errorLine, type LocatedError } from '../../lib/support/file-errors.ts'
import { fileFailure } from '../../lib/support/operation-failure.ts'
import { command } from '../command.ts'
import { CliFailure } from '../failure.ts'
import { resolvePath, type Terminal } from '../terminal.ts'

/** Returns one line if the test passed, otherwise one line for each expectation that was not met. */
export function formatResult({ file, line, name, passed, differences }: TestResult): string {
  const head = `${passed ? 'ok  ' : 'FAIL'}  ${file}:${line}  ${name}`
  return [head, ...differences.flatMap(formatDifference).map(line => `        ${line}`)].join('\n')
}

function formatDifference(difference: Difference): readonly string[] {
  switch (difference.kind) {
    case 'state': {
      const { line, after, rule, entity, expected, actual } = difference
      const of = entity === undefined ? '' : ` of ${entity}`
      return [`line ${line}: after observation ${after}, ${rule}${of} is ${actual}, not ${expected}`]
    }
    case 'refused':
      return [`observation ${difference.observation} was refused: ${difference.message}`]
    case 'notifications':
      return [
        'notifications differ (- expected, + sent):',
        ...difference.missing.map(notification => `- ${formatNotification(notification)}`),
        ...difference.unexpected.map(notification => `+ ${formatNotification(notification)}`),
      ]
  }
}

function formatNotification({ at, rule, kind, ...others }: ShownNotification): string {
  const more = Object.entries(others).map(
    ([key, value]) => `, ${key} ${typeof value === 'object' ? JSON.stringify(value) : value}`,
  )
  return `${at} ${rule} ${kind}${more.join('')}`
}

export default command({
  about: `Run tests of alert rules on timelines, without a server.

A test file has rules, or the path of a rule file, and tests: observations in the order of their arrival, the expected
states after them, and the expected notifications. The alerting function itself reads them, with the same clock and
timers as in a deployment. config/rules/README.md describes the file.

The exit status is 1 if a test fails, or a file has an error.`,
  more: `
Examples:
  sluice rules test config/rules/tests
  sluice rules test config/rules/tests/weather.yml --json`,
  fields: {
    file: listField(nameField('test files, or folders with test files')),
    json: flagField('print one JSON document'),
  },
  run: ({ file, json }, terminal) => runTestFiles(file, json, terminal),
})

async function runTestFile(vocabulary: Vocabulary, path: string, shown: string): Promise<FileResults> {
  const { tests, errors } = await readTestFile(vocabulary.families, path, shown)
  const results: TestResult[] = []
  for (const test of tests?.tests ?? []) if (tests) results.push(await runTest(vocabulary, tests, test))
  return { results, errors }
}

/** Results of the tests in one file. */
interface FileResults {
  readonly results: readonly TestResult[]
  readonly errors: readonly LocatedError[]
}

/**
 * Runs the tests of files and folders, and prints a report.
 *
 * @throws CliFailure if a test fails, or a file has an error
 */
async function runTestFiles(named: readonly string[], json: boolean, terminal: Terminal): Promise<void> {
  const vocabulary = readSettings([FAMILIES, NAMES], terminal.environment)
  const files = (await Promise.all(named.map(name => listTestFiles(name, terminal)))).flat()
  const tests: TestResult[] = []
  const errors: LocatedError[] = []
  for (const file of files) {
    const found = await runTestFile(vocabulary, resolvePath(terminal, file), file)
    tests.push(...found.results)
    errors.push(...found.errors)
  }
  const passed = tests.filter(test => test.passed).length
  const failed = tests.length - passed
  const all = `${passed} of ${count(tests.length, 'test')} in ${count(files.length, 'file')} passed`
  const lines = [...errors.map(errorLine), ...tests.map(formatResult), all]
  const report = { files, passed, failed, tests, faults: errors }
  terminal.stdout.write(json ? `${JSON.stringify(report, null, 2)}\n` : `${lines.join('\n')}\n`)
  if (errors.length > 0) throw new CliFailure(`${count(errors.length, 'error')} in the test files.`)
  if (failed > 0) throw new CliFailure(`${failed} of ${count(tests.length, 'test')} failed.`)
}

/** Returns the test file or, for a folder, its *.yml and *.yaml files, sorted by name. */
async function listTestFiles(name: string, terminal: Terminal): Promise<readonly string[]> {
  const path = resolvePath(terminal, name)
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
