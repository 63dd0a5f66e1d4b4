/** `npm test`: runs the selected tests and counts them in the last line. */

import { availableParallelism, loadavg } from 'node:os'
import { StopRequested } from '#local-servers/stop-request'
import { durationText } from '../lib/support/duration.ts'
import { formatEvent } from '../localstack/service-report.ts'
import { runMain } from '../scripts/run-main.ts'
import { parseSelection, type Selection, USAGE } from './runner/arguments.ts'
import { readFiles, TEST_GROUPS, type TestGroup } from './runner/files.ts'
import type { Result } from './runner/results.ts'
import { listPlaces, readCounts, runTests } from './runner/tests.ts'
import { withOwnServers } from './support/own-servers.ts'

/**
 * Numbers of files that run concurrently, for machines with two cores. Files that need servers wait much of the time, so the others
 * run beside them. The long files of a complete run wait less.
 */
const SHORT = { alone: 2, besideServers: 3 }
const WHOLE = { alone: 1, besideServers: 3 }

/** Number of files in the list of those with the most processor time. */
const SLOWEST = 10

await runMain({ readOptions: parseSelection, usage: USAGE, run: test })

async function test(selection: Selection, signal: AbortSignal): Promise<number> {
  const startedAtMs = Date.now()
  const times = new Map<string, number>()
  const results = await runSelected(selection, times, signal)
  const failed = results.filter(({ outcome }) => outcome === 'failed')
  const skipped = results.filter(({ outcome }) => outcome === 'skipped')
  list(selection.isWhole ? 'Skipped, which --all does not allow' : 'Skipped', skipped)
  if (times.size > SLOWEST) listSlowest(times)
  list('Failed (the reasons are above)', failed)
  if (signal.aborted) console.log('\nStopped before the end: only the files that had ended are counted.')
  else if (results.length === 0)
    console.log(`\nNo test file has "${selection.pattern}" in its path: try npm test -- --help`)
  console.log(`\nAfter ${durationText(Date.now() - startedAtMs)}:`)
  console.log(readCounts(results, ['passed', 'failed']).join(', '))
  if (signal.aborted) return 130
  const isGood = results.length > 0 && failed.length === 0 && !(selection.isWhole && skipped.length > 0)
  return isGood ? 0 : 1
}

/** Says how long the run takes, and what makes it take longer. A run of chosen files has no usual time. */
function announceRun({ pattern, groups, isWhole }: Selection, files: number): void {
  const usual = isWhole ? 'some 22 minutes' : 'about 6 minutes'
  const isUsual = pattern === undefined && (isWhole || groups.length === 3)
  const [load = 0, cores] = [loadavg()[0], availableParallelism()]
  const busy = `Other programs use this machine now (load ${Math.round(load)} on ${cores} cores), so tests wait for it.`
  console.log(
    `${files} test files${isUsual ? `, ${usual} on two quiet cores` : ''}.${load > cores ? ` ${busy}` : ''}`,
  )
}

/** @param times receives the processor time of each file, in milliseconds */
async function runSelected(
  selection: Selection,
  times: Map<string, number>,
  signal: AbortSignal,
): Promise<readonly Result[]> {
  const [alone, beside] = await selectedFiles(selection)
  announceRun(selection, alone.length + beside.length)
  // Tests that look at samples look at everything then.
  const env = { ...process.env, ...(selection.isWhole && { SLUICE_TEST_ALL: '1' }) }
  const place = listPlaces(alone.length + beside.length)
  const options = {
    ...{ signal, place, env },
    print: (line: string) => console.log(line),
    noteTime: (file: string, processorMs: number) => times.set(file, processorMs),
  }
  const widths = selection.isWhole ? WHOLE : SHORT
  const ofAlone = { ...options, width: widths.alone }
  const queue = alone.values()
  const running = runTests(queue, ofAlone)
  if (beside.length === 0) return await running
  const report = (event: Parameters<typeof formatEvent>[0]) => console.log(`  ${formatEvent(event)}`)
  const { kafkaVersion } = selection
  try {
    return await withOwnServers({ kafkaVersion, report, signal }, async variables => {
      const ofBeside = { ...options, width: widths.besideServers, env: { ...env, ...variables } }
      const others = beside.values()
      const second = runTests(others, ofBeside)
      // Slots that are free help with the rest of the other files, so that no core is idle before the end.
      const results = await Promise.all([
        ...[running, running.then(() => runTests(others, { ...ofBeside, width: 1 }))],
        ...[second, second.then(() => runTests(queue, ofAlone))],
      ])
      return results.flat()
    })
  } catch (error) {
    const results = await running
    if (error instanceof StopRequested) return results
    throw error
  }
}

/** Returns the selected files that need no servers, and those that do. */
async function selectedFiles(selection: Selection): Promise<[alone: string[], beside: string[]]> {
  const groups = TEST_GROUPS.filter(({ group }) => selection.groups.includes(group))
  const filesOfAll = (some: readonly TestGroup[]) =>
    Promise.all(some.map(group => readFiles(group, selection)))
  const alone = await filesOfAll(groups.filter(({ needsServers }) => !needsServers))
  const beside = await filesOfAll(groups.filter(({ needsServers }) => needsServers))
  return [alone.flat(), beside.flat()]
}

function listSlowest(times: ReadonlyMap<string, number>): void {
  const all = [...times.values()].reduce((sum, ms) => sum + ms, 0)
  console.log(`\nMost processor time (all files: ${durationText(all)}; shared servers are not counted)`)
  const sorted = [...times].sort(([, a], [, b]) => b - a)
  for (const [file, ms] of sorted.slice(0, SLOWEST))
    console.log(`  ${durationText(ms).padStart(12)}  ${file}`)
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
