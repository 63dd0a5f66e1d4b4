import { rm } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { functionTimeouts } from '../infra/timeouts.ts'
import { ON_FAILURE, readSettings } from '../lib/app/settings/index.ts'
import { frameworkLog, functionLogsDir } from '../programs/function-logs.ts'
import { runMain } from '../programs/main.ts'
import { PROJECT } from '../programs/paths.ts'
import { UserError } from '../programs/user-error.ts'
import { startLocalCloud } from './local-cloud.ts'
import { formatEvent } from './report.ts'
import { LOCAL_AWS_ENVIRONMENT } from './resources.ts'
import { requireFreePorts } from './services/ports.ts'
import { type Addresses, addressesOf, serviceEnvironment } from './services.ts'
import {
  dockerFromEnvironment,
  foldersFromEnvironment,
  lambdaPort,
  placesFromEnvironment,
} from './settings.ts'
import { type OwnStack, stackVariables, withStack } from './stack/with-stack.ts'
import { readArguments, type StartOptions, USAGE } from './start/arguments.ts'
import type { ConsoleOptions, StartedConsole } from './start/console.ts'
import { LOOK_EVERY_MS } from './start/health.ts'
import { localSqs, pollQueue } from './start/queue-poller.ts'
import { watchVariables } from './start/reload.ts'
import { type RevivedFunctions, startRevivedFunctions } from './start/revived-functions.ts'
import { type LocalSchedules, localSchedules } from './start/schedules.ts'
import { Screen } from './start/screen.ts'
import { type Watch, watchFlow } from './start/watch.ts'

// `npm start`: starts the servers, creates topics and resources, runs every function, and shows what flows.

/** The same value as in the functions, see infra/deployment.cjs. */
const ENV = process.env.SLUICE_ENV || 'local'

await runMain({ readOptions: args => readArguments(args, process.env), usage: USAGE, run: start })

function start(options: StartOptions, signal: AbortSignal): Promise<number> {
  const request = { name: options.name, command: 'npm start', environment: process.env, signal }
  return withStack(request, stack => runStack(stack, options, signal))
}

async function runStack(stack: OwnStack, options: StartOptions, signal: AbortSignal): Promise<number> {
  const { environment } = stack
  const screen = new Screen()
  const { notices, ...schedules } = localSchedules(environment)
  for (const notice of notices) screen.line(notice)
  await requireFreePorts([lambdaPort(environment)])
  const places = placesFromEnvironment(environment, options.brokers, options.registry)
  const failed = new AbortController()
  const cloud = startLocalCloud({
    ...places,
    ...foldersFromEnvironment(environment),
    env: ENV,
    generator: {},
    fresh: options.fresh,
    docker: options.docker || dockerFromEnvironment(environment),
    stack: options.name,
    revive: true,
    report: event => screen.line(formatEvent(event)),
    signal: AbortSignal.any([signal, failed.signal]),
  })
  const watching = cloud.then(({ services }) => watchFlow(services, ENV, screen, schedules))
  // It may fail before the functions wait for it, which then fail with its reason.
  watching.catch(() => {})
  try {
    const all = { ...options, ...schedules, addresses: addressesOf(places) }
    return await runFunctions(stack, watching, all, screen, signal)
  } catch (error) {
    // Print it before the servers stop, which takes seconds.
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

type RunOptions = StartOptions & Omit<LocalSchedules, 'notices'> & { readonly addresses: Addresses }

/** Builds the functions and the console while the servers start, and runs them when the servers are ready. */
async function runFunctions(
  stack: OwnStack,
  watching: Promise<Watch>,
  { forMs, watch: reloads, first, addresses }: RunOptions,
  screen: Screen,
  signal: AbortSignal,
): Promise<number> {
  const { port } = lambdaPort(stack.environment)
  const { dataDir, logsDir } = foldersFromEnvironment(stack.environment)
  const reportsFile = join(logsDir, 'msk-trigger.jsonl')
  for (const log of [frameworkLog(logsDir), functionLogsDir(logsDir), reportsFile])
    await rm(log, { recursive: true, force: true })
  const variables = { ...serviceEnvironment(addresses), ...LOCAL_AWS_ENVIRONMENT }
  let watch: Watch | undefined
  // Before the functions: they have to know where it listens.
  const console = await consoleFor({
    environment: { ...stack.environment, ...variables, SLUICE_ENV: ENV },
    dataDir,
    say: line => screen.line(line),
    standing: () => watch?.standing() ?? [],
  })
  const servers = watching.then(started => {
    watch = started
  })
  servers.catch(() => {})
  try {
    const environment = {
      ...variables,
      ...console.functionVariables,
      LAMBDA_PORT: String(port),
      ...watchVariables(reloads),
    }
    const options = {
      environment,
      lambdaPort: port,
      logsDir,
      servers,
      reportsFile,
      signal,
      // No function runs before the watch.
      onLogLine: (line: string) => watch?.logged(line),
      onReport: (line: string) => watch?.reported(line),
      onReload: (line: string) => screen.line(line),
    }
    const functions = await startRevivedFunctions(options, line => screen.line(line))
    stack.ready({
      variables: stackVariables(stack.environment, variables),
      lambdaPort: port,
      ...(console.address ? { consoleAddress: console.address } : {}),
    })
    for (const line of consoleLines(console)) screen.line(line)
    screen.line(`${' '.repeat(21)}logs: ${relative(PROJECT, functionLogsDir(logsDir))}\n`)
    screen.line('Ctrl-C stops everything. Meanwhile: npm run smoke · npx sluice stats · npx sluice logs -f\n')
    const over = new AbortController()
    const polled = pollGivenUp(stack, addresses, functions, line => screen.line(line), over.signal)
    try {
      const started = await watching
      const begun = firstRuns(first, functions, started)
      return await flow({ functions, begun, watch: started, forMs, screen, signal })
    } finally {
      over.abort()
      await polled
      await functions.stop()
    }
  } finally {
    await console.close()
  }
}

/**
 * It shares its code with the functions. Where that cannot be loaded, their own start says so with file and line, so that here it is
 * not an error.
 */
async function consoleFor(options: ConsoleOptions): Promise<StartedConsole> {
  try {
    const { startConsole } = await import('./start/console.ts')
    return await startConsole(options)
  } catch (error) {
    options.say(`! There is no console: ${(error as Error).message}`)
    return { functionVariables: {}, close: async () => {} }
  }
}

/** The line that tells where it is. */
function consoleLines({ address }: StartedConsole): string[] {
  return address ? [formatEvent({ service: 'console', state: 'ready', detail: address, ms: 0 })] : []
}

interface Flow {
  readonly functions: RevivedFunctions
  /** Resolves when the first runs of the scheduled functions have ended. */
  readonly begun: Promise<void>
  readonly watch: Watch
  readonly forMs: number | undefined
  readonly screen: Screen
  readonly signal: AbortSignal
}

/** Runs until a stop is requested, the functions cannot be restarted, or the time is over and everything is processed. */
async function flow({ functions, begun, watch, forMs, screen, signal }: Flow): Promise<number> {
  const problems: string[] = []
  const lost = new AbortController()
  void functions.lost.then(reason => {
    problems.push(reason)
    lost.abort()
  })
  const stop = AbortSignal.any([signal, lost.signal])
  const over = new AbortController()
  const end = AbortSignal.any([stop, over.signal])
  // On a slow machine the first runs take longer than a short time: their records count, too.
  const onTime = () => begun.then(() => over.abort())
  const timer = forMs === undefined ? undefined : setTimeout(onTime, forMs)
  while (!end.aborted) {
    await watch.refresh()
    await pause(LOOK_EVERY_MS, undefined, { signal: end }).catch(() => {})
  }
  clearTimeout(timer)
  if (!signal.aborted) problems.push(...(await watch.finish(stop)))
  if (signal.aborted) {
    screen.endLive()
    return 0
  }
  screen.line(problems.length === 0 ? 'All was well.' : `Not well: ${problems.join('; ')}.`)
  return problems.length === 0 ? 0 : 1
}

/** Reads the queue that tells of what Lambda has given up, if there is one. */
async function pollGivenUp(
  { environment }: OwnStack,
  { awsEndpoint }: Addresses,
  functions: RevivedFunctions,
  say: (line: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const { onFailureQueue: queueArn } = readSettings([ON_FAILURE], environment)
  if (queueArn === undefined) return
  const sqs = localSqs(awsEndpoint, LOCAL_AWS_ENVIRONMENT.AWS_REGION, signal)
  await pollQueue({ queueArn, sqs, say, invoke: event => functions.invoke('on-failure', event) }, signal)
}

/** A schedule fires on the minute; the first readings should not wait for it. */
async function firstRuns(names: readonly string[], functions: RevivedFunctions, watch: Watch): Promise<void> {
  const timeouts = functionTimeouts()
  for (const name of names) {
    await watch.run(name, timeouts.get(name) ?? 0, async () => void (await functions.invoke(name)))
  }
}
