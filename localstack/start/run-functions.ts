/** Runs the functions and the console over the servers of a start. */

import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Supervisor } from '#local-servers/supervisor'
import { FAMILIES, readSettings } from '../../lib/app/settings/index.ts'
import { frameworkLog, functionLogsDir } from '../../scripts/log-paths.ts'
import type { StartedConsole } from './console.ts'
import { invokeFunctions } from './flow.ts'
import { FRAMEWORK, type FunctionsOptions, startFunctions } from './functions.ts'
import { readReport } from './problems.ts'
import { reportReady } from './ready.ts'
import type { Run } from './run.ts'
import type { LocalSchedules } from './schedules.ts'
import type { ServedStack } from './sql-interface.ts'
import type { FlowWatch } from './watch.ts'

/** Message of the reload plugin, which runs with the functions (see `localstack/reload/plugin.ts`). */
const RELOAD = /^watch {2}(.*)$/
/** Lines about files that the functions use from now on, and about saved statements, which this process applies. */
const SAVED = /^(?:reloaded|saved) /

/**
 * Builds the functions and starts the console while the servers start. The functions run as soon as the servers are ready.
 *
 * @param schedules functions to invoke immediately, and whether readings are simulated
 */
export async function runFunctions(
  run: Run,
  watching: Promise<FlowWatch>,
  schedules: Pick<LocalSchedules, 'first' | 'expectsReadings'>,
): Promise<number> {
  const { stack, dataDir, logsDir, variables, screen, report, signal } = run
  const reportsFile = join(logsDir, 'msk-trigger.jsonl')
  const { SLUICE_SAVED_FILES: savedFiles = '' } = variables
  for (const path of [frameworkLog(logsDir), functionLogsDir(logsDir), reportsFile, savedFiles])
    await rm(path, { recursive: true, force: true })
  let watch: FlowWatch | undefined
  const console = await consoleFor({
    environment: { ...stack.environment, ...variables },
    dataDir,
    say: line => screen.line(line),
  })
  const servers = watching.then(started => {
    watch = started
    watch.readNotInForce = console.readNotInForce
  })
  servers.catch(() => {})
  const reload = () => {
    console.reload?.()
    watch?.setFamilies(readSettings([FAMILIES], stack.environment).families)
    // Statements name inputs and fields of families.
    void console.applyStatements?.()
  }
  const functionOptions = { ...describeFunctions(run, () => watch, reload), logsDir, servers, reportsFile }
  const lost = Promise.withResolvers<string>()
  const functions = new Supervisor(
    {
      name: 'functions',
      title: FRAMEWORK,
      start: async (startSignal, onWait) => {
        const started = await startFunctions(functionOptions, AbortSignal.any([signal, startSignal]), onWait)
        if (watch) watch.functionsPid = started.pid
        return started
      },
    },
    { report, restarts: true, onLost: lost.resolve },
  )
  try {
    await functions.start(signal)
    reportReady(run, console, schedules.expectsReadings)
    void console.applyStatements?.()
    try {
      return await invokeFunctions(run, await watching, schedules, lost.promise)
    } finally {
      await functions.stop()
    }
  } finally {
    await console.close()
  }
}

/**
 * Returns the environment of the functions, and the handlers of their logs.
 *
 * @param getWatch returns undefined only before any function runs
 * @param reload called after files were saved
 */
function describeFunctions(
  { options, port, variables, screen, cloud }: Run,
  getWatch: () => FlowWatch | undefined,
  reload: () => void,
): Pick<FunctionsOptions, 'environment' | 'onLogLine' | 'onReport'> {
  return {
    environment: {
      ...variables,
      LAMBDA_PORT: String(port),
      // The generator runs every few seconds instead; see `steadyReadings`.
      SLUICE_GENERATOR: 'off',
      // Without --no-watch, the variable that the user has set applies.
      ...(options.watch ? {} : { SLUICE_WATCH: 'off' }),
    },
    onLogLine: line => {
      const [, said] = RELOAD.exec(line) ?? []
      if (said !== undefined) screen.line(said)
      if (said !== undefined && SAVED.test(said)) reload()
      getWatch()?.handleLogLine(line)
    },
    onReport: async line => {
      const report = readReport(line)
      // An input that was saved since the start has no topic yet.
      if (report?.report === 'stalled' && report.kind === 'no-topic') {
        const created = await cloud
          .then(({ createTopics }) => createTopics())
          .catch((): readonly string[] => [])
        if (created.includes(report.topic)) return
      }
      getWatch()?.handleReport(report)
    },
  }
}

/**
 * Starts the console, which shares code with the functions. If this code cannot be loaded, the console does not report the error,
 * because the functions report it with file and line.
 */
async function consoleFor(options: ServedStack): Promise<StartedConsole> {
  try {
    const { startConsole } = await import('./console.ts')
    return await startConsole(options)
  } catch (error) {
    options.say(`! The console is not available: ${(error as Error).message}`)
    return { close: async () => {} }
  }
}
