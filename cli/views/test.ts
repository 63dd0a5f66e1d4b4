import { runViewTest, type ViewDifference, type ViewTestResult } from '../../lib/operations/views/test.ts'
import { readViewTests } from '../../lib/operations/views/test-file.ts'
import { argumentList, command, flag, SOME_TEXT } from '../command.ts'
import { type FileResults, runTestFiles } from '../test-files.ts'

export default command({
  about: `Run tests of tables on records, without a server.

A test file has the path of statements, and tests: records in the order of their arrival, and the expected rows of
tables at the end or at a time. The function \`views\` itself reads them, with the same clock and timers as in a
deployment. config/views/README.md describes the file.

The exit status is 1 if a test fails, or a file has an error.`,
  more: `
Examples:
  sluice views test config/views/tests
  sluice views test config/views/tests/device_ksql.yaml --json`,
  args: {
    file: argumentList('test files, or folders with test files', SOME_TEXT),
  },
  options: {
    json: flag('print one JSON document'),
  },
  run: ({ file, json }, terminal) => runTestFiles(file, test, resultText, json, terminal),
})

async function test(path: string, shown: string): Promise<FileResults<ViewTestResult>> {
  const { tests, faults } = await readViewTests(path, shown)
  const results: ViewTestResult[] = []
  for (const one of tests?.tests ?? []) if (tests) results.push(await runViewTest(tests, one))
  return { results, faults }
}

function resultText({ file, line, name, passed, differences }: ViewTestResult): string {
  const head = `${passed ? 'ok  ' : 'FAIL'}  ${file}:${line}  ${name}`
  return [head, ...differences.flatMap(linesOf).map(one => `        ${one}`)].join('\n')
}

function linesOf(difference: ViewDifference): readonly string[] {
  const { line } = difference
  if (difference.kind === 'refused') return [`line ${line}: a record was refused: ${difference.message}`]
  const { table } = difference
  if (difference.kind === 'late')
    return [`line ${line}: ${table} has ${difference.actual} late rows, not ${difference.expected}`]
  return [
    `line ${line}: rows of ${table} differ (- expected, + actual):`,
    ...difference.missing.map(one => `- ${one}`),
    ...difference.unexpected.map(one => `+ ${one}`),
  ]
}
