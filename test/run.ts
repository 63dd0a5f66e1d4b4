/** `npm test`: runs the selected tests, cheap ones first, and counts them in the last line. */

import { durationText } from '../lib/duration.ts'
import { formatEvent } from '../localstack/report.ts'
import { runMain } from '../programs/main.ts'
import { StopRequested } from '../programs/stop-request.ts'
import { parseSelection, type Selection, USAGE } from './runner/arguments.ts'
import { filesOf, TEST_GROUPS, type TestGroup } from './runner/files.ts'
import type { Result } from './runner/results.ts'
import { countsOf, runTests, runTestsTwice } from './runner/tests.ts'
import { withOwnServers } from './support/own-servers.ts'

/**
 * The smallest machines have two cores. Files that need servers spend much of their time waiting, so three of them keep both cores
 * busy.
 */
const WIDTH = 2
const WIDTH_BESIDE_SERVERS = 3

await runMain({ readOptions: parseSelection, usage: USAGE, run: test })

async function test(selection: Selection, signal: AbortSignal): Promise<number> {
  const startedAtMs = Date.now()
  const results = await runSelected(selection, signal)
  const failed = results.filter(({ outcome }) => outcome === 'failed')
  const skipped = results.filter(({ outcome }) => outcome === 'skipped')
  const late = results.filter(({ outcome, why }) => outcome === 'passed' && why !== undefined)
  listFiles('Passed only in a second run (the first failures are above)', late)
  list(selection.isWhole ? 'Skipped, which --all does not allow' : 'Skipped', skipped)
  list('Failed (the reasons are above)', failed)
  if (signal.aborted) console.log('\nStopped before the end: only the files that had ended are counted.')
  else if (results.length === 0)
    console.log(`\nNo test file has "${selection.pattern}" in its path: try npm test -- --help`)
  console.log(`\nAfter ${durationText(Date.now() - startedAtMs)}:`)
  console.log(countsOf(results, ['passed', 'failed']).join(', '))
  if (signal.aborted) return 130
  const isGood = results.length > 0 && failed.length === 0 && !(selection.isWhole && skipped.length > 0)
  return isGood ? 0 : 1
}

async function runSelected(selection: Selection, signal: AbortSignal): Promise<Result[]> {
  const [alone, beside] = await selectedFiles(selection)
  // Tests that look at samples look at everything then.
  const environment = { ...process.env, ...(selection.isWhole && { SLUICE_TEST_ALL: '1' }) }
  const options = { signal, print: (line: string) => console.log(line) }
  if (alone.length > 0) console.log('\nTests without servers')
  const runAll = selection.isWhole ? runTestsTwice : runTests
  const results = await runAll(alone, { ...options, width: WIDTH, env: environment })
  if (beside.length === 0 || signal.aborted) return results
  console.log('\nTests beside Kafka, Valkey and LocalStack')
  const report = (event: Parameters<typeof formatEvent>[0]) => console.log(`  ${formatEvent(event)}`)
  const run = (variables: Readonly<Record<string, string>>) =>
    runAll(beside, { ...options, width: WIDTH_BESIDE_SERVERS, env: { ...environment, ...variables } })
  try {
    const { kafkaVersion } = selection
    return [...results, ...(await withOwnServers({ kafkaVersion, report, signal }, run))]
  } catch (error) {
    if (error instanceof StopRequested) return results
    throw error
  }
}

/** Returns the selected files that need no servers, and those that do. */
async function selectedFiles(selection: Selection): Promise<[alone: string[], beside: string[]]> {
  const groups = TEST_GROUPS.filter(({ group }) => selection.groups.includes(group))
  const filesOfAll = (some: readonly TestGroup[]) => Promise.all(some.map(group => filesOf(group, selection)))
  const alone = await filesOfAll(groups.filter(({ needsServers }) => !needsServers))
  const beside = await filesOfAll(groups.filter(({ needsServers }) => needsServers))
  return [alone.flat(), beside.flat()]
}

function listFiles(title: string, results: readonly Result[]): void {
  if (results.length === 0) return
  console.log(`\n${title}`)
  for (const file of new Set(results.map(({ file }) => file))) console.log(`  ${file}`)
}

function list(title: string, results: readonly Result[]): void {
  if (results.length === 0) return
  console.log(`\n${title}`)
  for (const line of new Set(
    results.map(
      ({ file, name, why, outcome }) => `  ${file}: ${name}${outcome === 'skipped' ? `: ${why}` : ''}`,
    ),
  ))
    console.log(line)
}
