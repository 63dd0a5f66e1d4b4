import { readTestFile } from '../../lib/operations/rule-tests/read.ts'
import { runTest, type TestResult } from '../../lib/operations/rule-tests/run.ts'
import { argumentList, command, flag, SOME_TEXT } from '../command.ts'
import { type FileResults, runTestFiles } from '../test-files.ts'
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
  run: ({ file, json }, terminal) => runTestFiles(file, test, resultText, json, terminal),
})

async function test(path: string, shown: string): Promise<FileResults<TestResult>> {
  const { tests, faults } = await readTestFile(path, shown)
  const results: TestResult[] = []
  for (const one of tests?.tests ?? []) if (tests) results.push(await runTest(tests, one))
  return { results, faults }
}
