import { requireFreePorts } from '#local-servers/ports'
import type { Report } from '#local-servers/report'
import { loadAllInputs } from '../lib/app/inputs/loaded-inputs.ts'
import { FAMILIES, INPUTS, NAMES, ONE_MACHINE, REGISTRY, readSettings } from '../lib/app/settings/index.ts'
import type { LoadedInputs } from '../lib/intake/read-record.ts'
import { describeHiddenMappings } from '../lib/mapping/hidden-mappings.ts'
import { runMain } from '../scripts/run-main.ts'
import { UserError } from '../scripts/user-error.ts'
import { readStartOptions, readUsage, type StartOptions, servicesFromEnvironment } from './command-options.ts'
import { startLocalCloud } from './local-cloud.ts'
import { type OwnStack, withStack } from './own-stack.ts'
import { foldersFromEnvironment, lambdaPort } from './ports-and-folders.ts'
import { formatEvent } from './service-report.ts'
import { programEnvironment } from './start/run.ts'
import { runFunctions } from './start/run-functions.ts'
import { localSchedules } from './start/schedules.ts'
import { Screen } from './start/screen.ts'
import { FlowWatch, type WatchConfig } from './start/watch.ts'

// `npm start`: starts the servers, creates topics and resources, runs all functions, and shows the flow.

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
