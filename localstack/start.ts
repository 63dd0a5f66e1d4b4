import { rm } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { requireFreePorts } from '#local-servers/ports.ts'
import type { Report } from '#local-servers/report.ts'
import { Supervisor } from '#local-servers/supervisor.ts'
import { listLocalInputs } from '../lib/app/inputs/inputs.ts'
import { loadAllInputs } from '../lib/app/inputs/loaded-inputs.ts'
import { readGeneratorSettings } from '../lib/app/settings/generator-settings.ts'
import {
  FAMILIES,
  GENERATOR,
  INPUTS,
  NAMES,
  ONE_MACHINE,
  PARTITION_KEY,
  REGISTRY,
  readSettings,
} from '../lib/app/settings/index.ts'
import type { LoadedInputs } from '../lib/intake/read-record.ts'
import { describeHiddenMappings } from '../lib/mapping/hidden-mappings.ts'
import { GENERATOR_DEFAULTS } from '../lib/telemetry/simulator/index.ts'
import { frameworkLog, functionLogsDir } from '../scripts/log-paths.ts'
import { PROJECT } from '../scripts/paths.ts'
import { runMain } from '../scripts/run-main.ts'
import { UserError } from '../scripts/user-error.ts'
import { LOCAL_AWS_ENVIRONMENT } from './aws/resources.ts'
import { readStartOptions, readUsage, type StartOptions, servicesFromEnvironment } from './command-options.ts'
import { getStorageFile, type LocalCloud, startLocalCloud } from './local-cloud.ts'
import { type OwnStack, stackVariables, withStack } from './own-stack.ts'
import { foldersFromEnvironment, lambdaPort } from './ports-and-folders.ts'
import { formatEvent } from './service-report.ts'
import type { StartedConsole } from './start/console.ts'
import { FRAMEWORK, type FunctionsOptions, invokeFunction, startFunctions } from './start/functions.ts'
import { readReport } from './start/problems.ts'
import { type LocalSchedules, localSchedules } from './start/schedules.ts'
import { Screen } from './start/screen.ts'
import type { ServedStack } from './start/sql-interface.ts'
import { FlowWatch, LOOK_EVERY_MS, type WatchConfig } from './start/watch.ts'
import { resolveAddresses, serviceEnvironment } from './start-services.ts'

// `npm start`: starts the servers, creates topics and resources, runs all functions, and shows the flow.

/** Message of the reload plugin, which runs with the functions (see `localstack/reload/plugin.ts`). */
const RELOAD = /^watch {2}(.*)$/
/** Lines about files that the functions use from now on, and about saved statements, which this process applies. */
const SAVED = /^(?:reloaded|saved) /

/**
 * Minimum interval between runs of the generator, in milliseconds. The generator runs as often as its sensors report, but not more
 * often than this.
 */
const MIN_READINGS_MS = 200

/** Record as applications of others send it. It fires an alert. */
const HOT_RECORD = 'examples/hot-sensor.json'

await runMain({
  readOptions: args => readStartOptions(args, process.env),
  usage: readUsage('start'),
  run: start,
})

/** Returns warnings about mappings. Their errors are reported by the functions' start. */
async function findMappingWarnings(config: WatchConfig): Promise<string[]> {
  const inputs: LoadedInputs = await loadAllInputs(config).catch(() => new Map())
  return describeHiddenMappings([...inputs.values()].map(input => input.loadedMappings)).map(
    line => `! ${line}`,
  )
}

function start(options: StartOptions, signal: AbortSignal): Promise<number> {
  // Servers and functions inherit this: files with data are for their owner alone.
  process.umask(0o077)
  const { name, fresh } = options
  const request = { name, command: 'npm start', environment: process.env, fresh, signal }
  return withStack(request, stack => runStack(stack, options, signal))
}

/** Properties of a run that exist from its start. */
interface Run {
  readonly stack: OwnStack
  readonly config: WatchConfig
  readonly options: StartOptions
  readonly dataDir: string
  readonly logsDir: string
  readonly port: number
  /** Environment variables with which functions, console and other programs access the servers. */
  readonly variables: Readonly<Record<string, string>>
  readonly screen: Screen
  readonly report: Report
  readonly signal: AbortSignal
  readonly cloud: Promise<LocalCloud>
}

async function runStack(stack: OwnStack, options: StartOptions, signal: AbortSignal): Promise<number> {
  const { env } = stack
  const config = { env, ...readSettings([FAMILIES, NAMES, INPUTS, ONE_MACHINE, REGISTRY], stack.environment) }
  const screen = new Screen(options.name)
  const { dataDir } = foldersFromEnvironment(stack.environment)
  const { notices, ...schedules } = localSchedules(stack.environment, options)
  for (const notice of [...notices, ...(await findMappingWarnings(config))]) screen.line(notice)
  const lambda = lambdaPort(stack.environment)
  await requireFreePorts([lambda])
  const servers = await servicesFromEnvironment(stack.environment, options, line => screen.line(line))
  const report: Report = event => screen.line(formatEvent(event))
  const failed = new AbortController()
  const cloud = startLocalCloud(
    { ...servers, report, signal: AbortSignal.any([signal, failed.signal]) },
    config,
  )
  const watching = cloud.then(({ services }) =>
    new FlowWatch(services, config, screen, servers.logsDir, schedules.expectsReadings).start(),
  )
  // Avoid an unhandled rejection: the failure is reported when the watch is used.
  watching.catch(() => {})
  const { logsDir } = servers
  const variables = programEnvironment(stack, servers, dataDir)
  const run = {
    stack,
    config,
    options,
    dataDir,
    logsDir,
    port: lambda.port,
    variables,
    screen,
    report,
    signal,
    cloud,
  }
  try {
    return await runFunctions(run, watching, schedules)
  } catch (error) {
    // Print the message first, because stopping the servers takes seconds.
    if (!(error instanceof UserError)) throw error
    screen.line(error.message)
    return 1
  } finally {
    failed.abort()
    await watching.then(
      watch => watch.stop(),
      () => {},
    )
    await cloud.then(
      ({ services }) => services.stop(),
      () => {},
    )
  }
}

/** Returns the variables with which programs reach the servers and the stored data. */
function programEnvironment(
  { env, environment }: OwnStack,
  servers: Parameters<typeof resolveAddresses>[0],
  dataDir: string,
): Run['variables'] {
  return {
    ...serviceEnvironment(resolveAddresses(servers)),
    ...LOCAL_AWS_ENVIRONMENT,
    TIME_ZONE: environment.TIME_ZONE ?? '',
    SLUICE_SAVED_FILES: join(dataDir, 'saved-files.json'),
    STORAGE_URL: environment.STORAGE_URL?.trim() || `sqlite:${getStorageFile(dataDir, env)}`,
  }
}

/**
 * Builds the functions and starts the console while the servers start. The functions run as soon as the servers are ready.
 *
 * @param schedules functions to invoke immediately, and whether readings are simulated
 */
async function runFunctions(
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

/** Invokes what runs first, sends readings if they are simulated, and shows the flow until the end. @param lost resolves if functions end */
async function invokeFunctions(
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

/** Ends the start with the addresses of everything that a user can open or send to. */
function reportReady(
  { stack, config, options, variables, port, screen, logsDir }: Run,
  { address, kafkaAddress, sqlAddress }: StartedConsole,
  expectsReadings: boolean,
): void {
  stack.ready({
    variables: stackVariables(stack.environment, variables),
    lambdaPort: port,
    ...(address ? { consoleAddress: address } : {}),
  })
  const { STORAGE_URL = '' } = variables
  // The address of a server can contain a password.
  const isFile = STORAGE_URL.startsWith('sqlite:')
  const database = isFile ? relative(PROJECT, STORAGE_URL.slice('sqlite:'.length)) : 'see STORAGE_URL'
  const [input] = listLocalInputs(config)
  const lines = [
    ['console', address],
    ['Kafka', kafkaAddress],
    ['registry', options.registry ? variables.SCHEMA_REGISTRY_URL : undefined],
    ['SQL', sqlAddress && `${sqlAddress}, as ksqlDB`],
    ['database', database],
    ['send your own', input && `npx sluice publish --topic ${input.topic} ${HOT_RECORD}`],
    ['logs', relative(PROJECT, functionLogsDir(logsDir))],
  ]
  screen.line('')
  for (const [what = '', where] of lines) if (where) screen.line(`  ${what.padEnd(15)}${where}`)
  screen.line('\nCtrl-C stops everything. Meanwhile: npm run smoke · npx sluice stats')
  if (expectsReadings) screen.line('Without simulated readings: npm start -- --fresh --no-generator')
  const [node, program] = ['node_modules/.bin/node', 'cli/bin.mjs'].map(file => join(PROJECT, file))
  screen.line(`Without the second that npx takes: alias sluice="'${node}' '${program}'"\n`)
}

/**
 * Starts the console, which shares code with the functions. If this code cannot be loaded, the console does not report the error,
 * because the functions report it with file and line.
 */
async function consoleFor(options: ServedStack): Promise<StartedConsole> {
  try {
    const { startConsole } = await import('./start/console.ts')
    return await startConsole(options)
  } catch (error) {
    options.say(`! The console is not available: ${(error as Error).message}`)
    return { close: async () => {} }
  }
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
