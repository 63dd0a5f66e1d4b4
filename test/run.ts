/** `npm test`: runs the selected tests, cheap ones first, and counts them in the last line. */

import { durationText } from '../lib/duration.ts'
import { formatEvent } from '../localstack/report.ts'
import { runMain } from '../programs/main.ts'
import { StopRequested } from '../programs/stop-request.ts'
import { parseSelection, type Selection, USAGE } from './runner/arguments.ts'
import { filesOf, TEST_GROUPS, type TestGroup } from './runner/files.ts'
import type { Result } from './runner/results.ts'
import { countsOf, runTests } from './runner/tests.ts'
import { withOwnServers } from './support/own-servers.ts'

type Variables = Readonly<Record<string, string>>

await runMain({ readOptions: parseSelection, usage: USAGE, run: test })

async function test(selection: Selection, signal: AbortSignal): Promise<number> {
  const startedAtMs = Date.now()
  const results = await runAll(selection, signal)
  const failed = results.filter(({ outcome }) => outcome === 'failed')
  const skipped = results.filter(({ outcome }) => outcome === 'skipped')
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

/** Runs the groups in order. The first group that needs servers starts them for all later ones. */
async function runAll(selection: Selection, signal: AbortSignal): Promise<Result[]> {
  const selected: Selected[] = []
  for (const group of TEST_GROUPS.filter(({ group }) => selection.groups.includes(group)))
    selected.push({ ...group, files: await filesOf(group, selection) })
  const groups = selected.filter(({ files }) => files.length > 0)
  // Tests that look at samples look at everything then.
  const environment = { ...process.env, ...(selection.isWhole && { SLUICE_TEST_ALL: '1' }) }
  const alone = await runGroups(
    groups.filter(({ needsServers }) => !needsServers),
    environment,
    signal,
  )
  const beside = groups.filter(({ needsServers }) => needsServers)
  if (beside.length === 0 || signal.aborted) return alone
  console.log('\nServers')
  const report = (event: Parameters<typeof formatEvent>[0]) => console.log(`  ${formatEvent(event)}`)
  const { kafkaVersion } = selection
  try {
    const run = (variables: Variables) => runGroups(beside, { ...environment, ...variables }, signal)
    return [...alone, ...(await withOwnServers({ kafkaVersion, report, signal }, run))]
  } catch (error) {
    if (error instanceof StopRequested) return alone
    throw error
  }
}

interface Selected extends TestGroup {
  readonly files: readonly string[]
}

async function runGroups(
  groups: readonly Selected[],
  env: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<Result[]> {
  const results: Result[] = []
  for (const { title, files, width } of groups) {
    if (signal.aborted) break
    console.log(`\n${title}`)
    results.push(...(await runTests(files, { width, env, signal, print: line => console.log(line) })))
  }
  return results
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
