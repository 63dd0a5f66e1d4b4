/** `npm test`: runs the selected test files, and counts their tests in the last line. */
import { availableParallelism, loadavg } from 'node:os'
import pMap from 'p-map'
import { StopRequested } from '#local-servers/stop-request'
import { durationText } from '../lib/support/duration.ts'
import { formatEvent } from '../localstack/service-report.ts'
import { runMain } from '../scripts/run-main.ts'
import { type FileResult, runFile } from './runner/run-file.ts'
import { parseSelection, type Selection, selectFiles, USAGE } from './runner/selection.ts'
import { withOwnServers } from './support/own-servers.ts'

await runMain({ readOptions: parseSelection, usage: USAGE, run: test })

async function test(selection: Selection, signal: AbortSignal): Promise<number> {
  const startedAtMs = Date.now()
  const { isWhole, kafkaVersion } = selection
  const { alone, besideServers } = await selectFiles(selection)
  const total = alone.length + besideServers.length
  const [load = 0, cores] = [loadavg()[0], availableParallelism()]
  const busy = load > cores ? `. Other programs use this machine now (load ${Math.round(load)})` : ''
  console.log(`${total} test files on ${cores} cores${busy}`)
  const results: FileResult[] = []
  // Tests that look at samples look at everything then.
  const env = { ...process.env, ...(isWhole && { SLUICE_TEST_ALL: '1' }) }
  /** Runs files with the variables of the servers. An iterator can be shared by several calls: each file is run by one of them. */
  const runFiles = (files: Iterable<string>, concurrency: number, variables = {}) =>
    pMap(
      files,
      async file => {
        const result = await runFile(file, { ...env, ...variables }, signal)
        if (result) report(result, `${String(results.push(result)).padStart(String(total).length)}/${total}`)
      },
      { concurrency },
    )
  // On two cores. Files that need servers wait much of the time, so the others run beside them; long files wait less.
  const width = isWhole ? 1 : 2
  const [queue, others] = [alone.values(), besideServers.values()]
  const running = runFiles(queue, width)
  const print = (event: Parameters<typeof formatEvent>[0]) => console.log(`  ${formatEvent(event)}`)
  if (besideServers.length > 0)
    await withOwnServers({ kafkaVersion, report: print, signal }, variables => {
      // Slots that are free help with the rest of the other files, so that no core is idle before the end.
      const helping = running.then(() => runFiles(others, 1, variables))
      return Promise.all([helping, runFiles(others, 3, variables).then(() => runFiles(queue, width))])
    }).catch(async error => {
      await running
      if (!(error instanceof StopRequested)) throw error
    })
  await running
  const failed = results.flatMap(({ failed }) => failed)
  const skipped = results.flatMap(({ skipped }) => skipped)
  list(isWhole ? 'Skipped, which --all does not allow' : 'Skipped', skipped)
  const slowest = results.toSorted((a, b) => b.processorMs - a.processorMs).slice(0, 10)
  const times = slowest.map(({ processorMs, file }) => `${durationText(processorMs).padStart(12)}  ${file}`)
  if (total > 10) list('Most processor time (shared servers are not counted)', times)
  list('Failed (the reasons are above)', failed)
  if (signal.aborted) console.log('\nStopped before the end: only the files that had ended are counted.')
  else if (total === 0)
    console.log(`\nNo test file has "${selection.pattern}" in its path: try npm test -- --help`)
  console.log(`\nAfter ${durationText(Date.now() - startedAtMs)}:`)
  const passed = results.reduce((sum, result) => sum + result.passed, 0)
  console.log(countTests({ passed, failed, skipped }))
  if (signal.aborted) return 130
  return total > 0 && failed.length === 0 && !(isWhole && skipped.length > 0) ? 0 : 1
}

function countTests({ passed, failed, skipped }: Pick<FileResult, 'passed' | 'failed' | 'skipped'>): string {
  return `${passed} passed, ${failed.length} failed${skipped.length > 0 ? `, ${skipped.length} skipped` : ''}`
}

/** @param place place of the file in the run, such as "3/20" */
function report(result: FileResult, place: string): void {
  const { file, failed, durationMs, output } = result
  const mark = failed.length > 0 ? 'FAIL' : 'ok  '
  console.log(`  ${mark} ${place}  ${file}  ${countTests(result)}  (${durationText(durationMs)})`)
  if (failed.length > 0) console.log([...failed, '', output].join('\n').replace(/^(?=.)/gm, '        '))
}

function list(title: string, lines: readonly string[]): void {
  if (lines.length > 0) console.log(`\n${title}\n${lines.map(line => `  ${line}`).join('\n')}`)
}
