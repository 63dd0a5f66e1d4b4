/**
 * `npm test`: everything that must hold, and at the end how much of it does. The cheap things come first: checks of the
 * whole project, then tests without servers, then those that need some.
 */

import { formatEvent, type Report } from '../localstack/report.ts'
import { runMain } from '../programs/main.ts'
import { StopRequested } from '../programs/stop-request.ts'
import { describeError } from '../programs/user-error.ts'
import { parseSelection, type Selection, USAGE } from './runner/arguments.ts'
import { type Check, runChecks } from './runner/check.ts'
import { configuration } from './runner/checks/configuration.ts'
import { dockerfiles } from './runner/checks/dockerfiles.ts'
import { format } from './runner/checks/format.ts'
import { imports } from './runner/checks/imports.ts'
import { schemas } from './runner/checks/schemas.ts'
import { templates } from './runner/checks/templates.ts'
import { titles } from './runner/checks/titles.ts'
import { types } from './runner/checks/types.ts'
import { unused } from './runner/checks/unused.ts'
import { filesOf, PHASES, type Selected } from './runner/phases.ts'
import { describeDifferences, differences } from './runner/repeats.ts'
import { countLine, type Result } from './runner/result.ts'
import { Screen } from './runner/screen.ts'
import { runTests } from './runner/tests.ts'
import { withOwnServers } from './support/own-servers.ts'

// The longest is the first, so that the others run beside it.
const CHECKS: readonly Check[] = [
  templates,
  format,
  types,
  imports,
  unused,
  schemas,
  configuration,
  titles,
  dockerfiles,
]

/**
 * Two at once: a check or a test file is one or two busy processes, and the smallest machines have two cores. Test files that mostly wait
 * have a lane beside these: see `runner/longest.ts`.
 */
const WIDTH = 2

await runMain({ readOptions: parseSelection, usage: USAGE, run: test })

async function test(selection: Selection, signal: AbortSignal): Promise<number> {
  const screen = new Screen(process.stdout, process.env)
  const runs = await runRepeatedly(selection, screen, signal)
  const results = runs.flat()
  if (signal.aborted) screen.heading('Stopped before the end: only what had ended is counted.')
  else if (results.length === 0)
    results.push({ outcome: 'failed', name: 'npm test', why: `nothing is called "${selection.pattern}"` })
  // The last run was cut off if it was stopped, so it cannot be compared.
  const complete = signal.aborted ? runs.slice(0, -1) : runs
  const comparison = complete.length > 1 ? describeDifferences(differences(complete), complete.length) : []
  screen.summary(results, comparison)
  console.log(countLine(results))
  return signal.aborted ? 130 : Number(results.some(({ outcome }) => outcome === 'failed'))
}

/** The results of each run. A selection that selects nothing is not repeated. */
async function runRepeatedly(selection: Selection, screen: Screen, signal: AbortSignal): Promise<Result[][]> {
  const { repeat } = selection
  if (repeat === 1) return [await runAll(selection, screen, signal)]
  const runs: Result[][] = []
  for (let run = 1; run <= repeat && !signal.aborted; run += 1) {
    screen.heading(`Run ${run} of ${repeat}`)
    const results = await runAll(selection, screen, signal)
    runs.push(results.map(result => ({ ...result, run })))
    if (results.length === 0) break
  }
  return runs
}

async function runAll(
  { groups, pattern, kafkaVersion }: Selection,
  screen: Screen,
  signal: AbortSignal,
): Promise<Result[]> {
  const results: Result[] = []
  const wanted = (name: string) => pattern === undefined || name.includes(pattern)
  const checks = groups.includes('checks') ? CHECKS.filter(({ name }) => wanted(name)) : []
  if (checks.length > 0) {
    screen.heading('Checks')
    results.push(...(await runChecks(checks, WIDTH, screen, signal)))
  }
  for (const phase of PHASES) {
    if (signal.aborted) break
    const selected = await filesOf(phase, groups, wanted)
    if (selected === undefined || (selected.files.length === 0 && pattern !== undefined)) continue
    screen.heading(phase.title)
    results.push(...(await runPhase(phase.title, selected, screen, { kafkaVersion, signal })))
  }
  return results
}

async function runPhase(
  title: string,
  { files, needsServers, missing }: Selected,
  screen: Screen,
  options: { readonly kafkaVersion: string | undefined; readonly signal: AbortSignal },
): Promise<Result[]> {
  const { signal } = options
  const failed = (why: string): Result => ({ outcome: 'failed', name: title, why })
  if (missing.length > 0) return [failed(`there is no test file: ${missing.join(', ')}`)]
  const run = (variables: Readonly<Record<string, string>>) => {
    const env = { ...process.env, ...variables }
    return runTests(files, { width: WIDTH, env, signal }, screen)
  }
  try {
    if (!needsServers) return await run({})
    const report: Report = event => screen.line(`        ${formatEvent(event)}`)
    return await withOwnServers({ ...options, report }, run)
  } catch (error) {
    if (error instanceof StopRequested) return []
    return [failed(describeError(error))]
  }
}
