/** Shows the flow of a started stack, and keeps readings coming, until the end. */

import { relative } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { readGeneratorSettings } from '../../lib/app/connections/generator-settings.ts'
import { FAMILIES, GENERATOR, PARTITION_KEY, readSettings } from '../../lib/app/settings/index.ts'
import { GENERATOR_DEFAULTS } from '../../lib/telemetry/simulator/index.ts'
import { frameworkLog } from '../../scripts/log-paths.ts'
import { PROJECT } from '../../scripts/paths.ts'
import { invokeFunction } from './functions.ts'
import type { Run } from './run.ts'
import type { LocalSchedules } from './schedules.ts'
import { type FlowWatch, LOOK_EVERY_MS } from './watch.ts'

/**
 * Minimum interval between runs of the generator, in milliseconds. The generator runs as often as its sensors report, but not more
 * often than this.
 */
const MIN_READINGS_MS = 200

/** Invokes what runs first, sends readings if they are simulated, and shows the flow until the end. @param lost resolves if functions end */
export async function invokeFunctions(
  run: Run,
  watch: FlowWatch,
  { first, expectsReadings }: Pick<LocalSchedules, 'first' | 'expectsReadings'>,
  lost: Promise<string>,
): Promise<number> {
  const over = new AbortController()
  const begun = firstRuns(first, run.port, watch)
  const steady = expectsReadings
    ? begun.then(() => steadyReadings(run, watch, over.signal))
    : Promise.resolve()
  return flow(run, { lost, begun, watch, stopReadings: () => over.abort() }).finally(() => {
    over.abort()
    return steady
  })
}

interface Flow {
  /** Resolves with the reason when the functions have ended. */
  readonly lost: Promise<string>
  /** Resolves when the first runs of the scheduled functions have ended. */
  readonly begun: Promise<void>
  readonly watch: FlowWatch
  /** Ends the simulated readings, so that all records can be processed. */
  stopReadings(): void
}

/** Runs until a stop is requested, the functions end, or the time is over and all records are processed. */
async function flow(
  { options, screen, signal, logsDir }: Run,
  { lost, begun, watch, stopReadings }: Flow,
): Promise<number> {
  const ended = new AbortController()
  void lost.then(reason => ended.abort(reason))
  const stop = AbortSignal.any([signal, ended.signal])
  const over = new AbortController()
  const end = AbortSignal.any([stop, over.signal])
  // On a slow machine, the first runs can take longer than a short time limit. Wait for them, because their records must be
  // processed too.
  const onTime = () => begun.then(() => over.abort())
  const timer = options.forMs === undefined ? undefined : setTimeout(onTime, options.forMs)
  while (!end.aborted) {
    await watch.refresh()
    await pause(LOOK_EVERY_MS, undefined, { signal: end }).catch(() => {})
  }
  clearTimeout(timer)
  stopReadings()
  const problems = stop.aborted ? [] : await watch.finish(stop)
  if (signal.aborted) {
    screen.endLive()
    return 0
  }
  if (ended.signal.aborted) {
    screen.endLive()
    screen.line(
      `✗ The functions have ended: ${ended.signal.reason.replace(/^✗ /, '')}. Log: ${relative(PROJECT, frameworkLog(logsDir))}`,
    )
    return 1
  }
  screen.line(problems.length === 0 ? 'No problems.' : `Problems: ${problems.join('; ')}.`)
  return problems.length === 0 ? 0 : 1
}

/** Invokes scheduled functions immediately, because their schedules only fire on the minute. */
async function firstRuns(names: readonly string[], port: number, watch: FlowWatch): Promise<void> {
  for (const name of names) await watch.run(name, async () => void (await invokeFunction(port, name)))
}

/** Runs the generator whenever readings are due, so that they are published immediately. */
async function steadyReadings({ stack, port }: Run, watch: FlowWatch, signal: AbortSignal): Promise<void> {
  const read = async (usesFile: boolean) => {
    const { generatorFile, ...settings } = readSettings(
      [FAMILIES, GENERATOR, PARTITION_KEY],
      stack.environment,
    )
    const file = usesFile && generatorFile ? { generatorFile } : {}
    return readGeneratorSettings({ ...settings, ...file }, { parameter: async () => '' })
  }
  // Ignore errors, because the function reports them itself.
  const { tickSeconds } = await read(true).catch(() => read(false).catch(() => GENERATOR_DEFAULTS))
  const everyMs = Math.max(MIN_READINGS_MS, tickSeconds * 1_000)
  while (!signal.aborted) {
    const untilDue = everyMs - (Date.now() % everyMs)
    await pause(untilDue, undefined, { signal }).catch(() => {})
    if (!signal.aborted)
      await watch.run('generator', async () => void (await invokeFunction(port, 'generator')))
  }
}
