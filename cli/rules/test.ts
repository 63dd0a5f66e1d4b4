import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { errorLine, type LocatedError } from '../../lib/alerting/check-rules.ts'
import { count } from '../../lib/count.ts'
import { fileFailure } from '../../lib/operations/file-failure.ts'
import { readTestFile } from '../../lib/operations/rule-tests/read.ts'
import { runTest, type TestResult } from '../../lib/operations/rule-tests/run.ts'
import { argumentList, command, flag, SOME_TEXT } from '../command.ts'
import { CliFailure } from '../failure.ts'
import { pathIn, type Terminal } from '../terminal.ts'
import { resultText } from './test-text.ts'

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
  args: {
    file: argumentList('test files, or folders with test files', SOME_TEXT),
  },
  options: {
    json: flag('print one JSON document'),
  },
  run: ({ file, json }, terminal) => test(file, json, terminal),
})

interface Report {
  readonly files: readonly string[]
  readonly passed: number
  readonly failed: number
  readonly tests: readonly TestResult[]
  readonly faults: readonly LocatedError[]
}

async function test(named: readonly string[], json: boolean, terminal: Terminal): Promise<void> {
  const files = (await Promise.all(named.map(name => testFiles(name, terminal)))).flat()
  const tests: TestResult[] = []
  const faults: LocatedError[] = []
  for (const file of files) {
    const read = await readTestFile(pathIn(terminal, file), file)
    faults.push(...read.faults)
    for (const one of read.tests?.tests ?? []) if (read.tests) tests.push(await runTest(read.tests, one))
  }
  const passed = tests.filter(one => one.passed).length
  const report: Report = { files, passed, failed: tests.length - passed, tests, faults }
  terminal.stdout.write(json ? `${JSON.stringify(report, null, 2)}\n` : textOf(report))
  if (faults.length > 0) throw new CliFailure(`${count(faults.length, 'fault')} in the files of rule tests.`)
  if (report.failed > 0) throw new CliFailure(`${report.failed} of ${count(tests.length, 'test')} failed.`)
}

function textOf({ files, tests, faults, passed }: Report): string {
  const lines = [...faults.map(errorLine), ...tests.map(resultText)]
  const all = `${passed} of ${count(tests.length, 'test')} in ${count(files.length, 'file')} passed`
  return `${[...lines, all].join('\n')}\n`
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
