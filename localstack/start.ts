import { join, relative } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { describeFailure } from './failure.ts'
import { type LocalCloud, startLocalCloud } from './local-cloud.ts'
import { PROJECT } from './paths.ts'
import { formatEvent } from './report.ts'
import { LOCAL_AWS_ENVIRONMENT } from './resources.ts'
import { requireFreePorts } from './services/ports.ts'
import { serviceEnvironment } from './services.ts'
import {
  dockerFromEnvironment,
  foldersFromEnvironment,
  offlinePorts,
  placesFromEnvironment,
} from './settings.ts'
import { readArguments, type StartOptions, USAGE } from './start/arguments.ts'
import { type Functions, startFunctions } from './start/functions.ts'
import { Screen } from './start/screen.ts'
import { watchFlow } from './start/watch.ts'
import { StopRequested, stopRequest } from './stop-request.ts'

// `npm start`: the servers, the topics and resources, every function, and what flows through them.

const ENV = 'local'

process.exitCode = await main(process.argv.slice(2)).catch(error => {
  if (error instanceof StopRequested) return 130
  console.error(describeFailure(error))
  return 1
})
// The channel to the bootstrap would keep this process alive.
if (process.connected) process.disconnect()

async function main(args: string[]): Promise<number> {
  const options = readArguments(args)
  if (options.help) {
    console.log(USAGE)
    return 0
  }
  const signal = stopRequest()
  const screen = new Screen()
  const ports = offlinePorts(process.env)
  await requireFreePorts(Object.values(ports))
  const cloud = await startLocalCloud({
    ...placesFromEnvironment(process.env),
    ...foldersFromEnvironment(process.env),
    env: ENV,
    generator: {},
    fresh: options.fresh,
    docker: options.docker || dockerFromEnvironment(process.env),
    revive: true,
    report: event => screen.line(formatEvent(event)),
    signal,
  })
  try {
    return await runFunctions(cloud, options, screen, signal)
  } finally {
    await cloud.services.stop()
  }
}

async function runFunctions(
  cloud: LocalCloud,
  { forMs }: StartOptions,
  screen: Screen,
  signal: AbortSignal,
): Promise<number> {
  const { lambda } = offlinePorts(process.env)
  const logFile = join(foldersFromEnvironment(process.env).logsDir, 'functions.log')
  const watch = await watchFlow(cloud.services, ENV, screen)
  try {
    const startedAtMs = Date.now()
    screen.line('functions starting  serverless offline')
    const environment = { ...serviceEnvironment(cloud.services), ...LOCAL_AWS_ENVIRONMENT }
    const onComplaint = watch.complain
    const functions = await startFunctions({
      environment,
      lambdaPort: lambda.port,
      logFile,
      signal,
      onComplaint,
    })
    screen.line(
      `functions ready     in ${((Date.now() - startedAtMs) / 1000).toFixed(1)} s, log: ${relative(PROJECT, logFile)}`,
    )
    screen.line(`\nCtrl-C ends everything. Meanwhile: npm run smoke · npm run -s sluice -- stats\n`)
    try {
      return await flow(functions, watch, forMs, screen, signal)
    } finally {
      await functions.stop()
    }
  } finally {
    await watch.stop()
  }
}

/** Lets it run until somebody ends it, its time is over, or the functions have ended by themselves. */
async function flow(
  functions: Functions,
  watch: Awaited<ReturnType<typeof watchFlow>>,
  forMs: number | undefined,
  screen: Screen,
  signal: AbortSignal,
): Promise<number> {
  const over = new AbortController()
  const end = AbortSignal.any([signal, over.signal])
  const timer = forMs === undefined ? undefined : setTimeout(() => over.abort(), forMs)
  void functions.ended.then(() => over.abort(new Error('serverless offline has ended by itself')))
  // The schedule fires on the minute; the first readings should not wait for it.
  for (const name of ['generator', 'clock']) {
    await functions.invoke(name).catch(error => screen.line(`✗ ${(error as Error).message}`))
  }
  while (!end.aborted) {
    await watch.refresh()
    await pause(1_000, undefined, { signal: end }).catch(() => {})
  }
  clearTimeout(timer)
  if (signal.aborted) {
    screen.endLive()
    return 0
  }
  const faults = await watch.finish()
  if (over.signal.reason instanceof Error && over.signal.reason.name !== 'AbortError')
    faults.unshift(over.signal.reason.message)
  screen.line(faults.length === 0 ? 'All was well.' : `Not well: ${faults.join('; ')}.`)
  return faults.length === 0 ? 0 : 1
}
