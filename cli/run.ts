import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { schedulesFrom } from '../infra/schedules.ts'
import { readConfig } from '../lib/app/config.ts'
import { type FunctionEntry, readEntries } from '../lib/app/function-entries.ts'
import { readFunctions, topicMappingProblems } from '../lib/app/functions.ts'
import { suggestion } from '../lib/similar.ts'
import type { Environment } from '../packages/runtime/settings/slice.ts'
import { LAST_PORT, wholeNumber } from '../packages/runtime/settings/values.ts'
import { LOCAL, PROJECT } from '../programs/paths.ts'
import { type ChosenFunctions, chooseFunctions } from '../runner/functions.ts'
import { removeLeftBundles } from '../runner/left-bundles.ts'
import { jsonLog } from '../runner/log.ts'
import {
  ANY_TEXT,
  command,
  DURATION,
  environment,
  negation,
  optionalArguments,
  optionWithDefault,
  SOME_TEXT,
} from './command.ts'
import { environmentOf } from './connections.ts'
import { CliFailure, StoppedByUser, usageFailure } from './failure.ts'
import type { Terminal } from './terminal.ts'

const DEFAULT_PORT = 9_464
/**
 * Folder for the bundles of processes that build their functions themselves. Each process has its own subfolder, whose name is the
 * process id.
 */
const BUNDLES = join(LOCAL, 'run')

export default command({
  about: `Run functions as one process until it is stopped, without Lambda, against any Kafka and Redis.

Without names it runs every function that can run here, and reports the others. Several processes share the work: each
partition is read by one of them. docs/run.md describes the guarantees.`,
  more: `
The servers are those in the variables that functions read: at least KAFKA_BROKERS (or MSK_CLUSTER_ARN) and REDIS_URL.
They have no defaults, so that a missing variable is noticed. --stack uses the servers of a stack of \`npm start\`.

/health answers as long as the process runs. /ready answers 200 once every consumer has joined its group. /metrics is
for Prometheus. Logs of the process and its functions are written to standard output, one JSON document per line.

SIGTERM and SIGINT stop it: it fetches no more records, waits for running work, commits, and leaves its groups.
Records whose processing takes longer than --grace are delivered again, to the next process.

Examples:
  sluice run
  sluice run alerting patterns --no-schedules --port 0
  sluice run clock rules silences generator --env staging`,
  args: {
    function: optionalArguments('only these', ANY_TEXT),
  },
  options: {
    env: environment('of the topics'),
    host: optionWithDefault('<address>', 'address for /health, /ready and /metrics', SOME_TEXT, '127.0.0.1'),
    port: optionWithDefault(
      '<number>',
      'port for them; 0 for any free port',
      wholeNumber({ least: 0, most: LAST_PORT }),
      DEFAULT_PORT,
    ),
    grace: optionWithDefault(
      '<time>',
      'time that running work may take when the process is stopped',
      DURATION,
      8_000,
      '8s',
    ),
    schedules: negation('do not run schedules, because another process does'),
  },
  async run({ function: names, env, host, port, grace, schedules: runsSchedules }, terminal) {
    const environment = variablesOf(terminal, env)
    const config = readConfig(environment)
    const { schedules, problems } = schedulesFrom(environment, false)
    if (problems.length > 0) throw usageFailure(problems.join('\n'))
    const file = join(PROJECT, 'serverless.yml')
    const [all, entryOf] = [readFunctions(file), readEntries(file)]
    const none = { generator: false, clock: false, checkpoints: false }
    const place = {
      env: config.env,
      environment,
      files: PROJECT,
      schedules: runsSchedules ? schedules : none,
    }
    const unread = topicMappingProblems(all, config.topicMappings)
    if (unread.length > 0) throw usageFailure(unread.join('\n'))
    const { chosen, leftOut } = chosenOf(all, names, place)
    terminal.stopWhenUnread?.()
    const { serverProblems } = await import('../infra/checks/servers.ts')
    const { startRun } = await import('../runner/start.ts')
    const log = jsonLog(terminal.stdout)
    const { problems: wrong, unseen } = await unlessStopped(terminal.stop, serverProblems(environment, false))
    if (wrong.length > 0) throw new CliFailure(wrong.join('\n'))
    for (const line of unseen) log.warning(line)
    const code = await codeOf(
      chosen.map(({ name }) => name),
      entryOf,
      line => log.notice(line),
    )
    try {
      const run = await startRun({
        functions: chosen,
        all,
        entryOf,
        config,
        place,
        code: code.folder,
        listen: { host, port },
        out: terminal.stdout,
      })
      log.notice(
        `runs ${chosen.map(({ name }) => name).join(', ')}; /ready is on http://${host}:${run.served.port}`,
      )
      for (const { name, why } of leftOut) log.notice(`does not run ${name}: ${why}`)
      if (!terminal.stop.aborted) await once(terminal.stop, 'abort')
      log.notice(`stops within ${grace / 1_000} s`)
      await run.stop(grace)
      log.notice('stopped')
    } finally {
      await code.remove()
    }
    throw new StoppedByUser()
  },
})

/**
 * Returns the environment variables of the functions. Unlike other commands, this one uses the servers of a local stack only if a
 * stack is specified.
 */
function variablesOf(terminal: Terminal, env: string | undefined): Environment {
  const { environment, stack, withKafkaOptions = same => same } = terminal
  if (stack !== undefined || environment.SLUICE_STACK) return environmentOf(terminal, env)
  const reaching = withKafkaOptions(environment)
  return env === undefined ? reaching : { ...reaching, SLUICE_ENV: env }
}

/**
 * Returns the functions to run.
 *
 * @throws CliFailure if a name is unknown, if a requested function cannot be run, or if no function can be run
 */
function chosenOf(
  all: Parameters<typeof chooseFunctions>[0],
  names: readonly string[],
  place: Pick<Parameters<typeof chooseFunctions>[1], 'environment' | 'schedules'>,
): ChosenFunctions {
  const { unknown, refused, ...found } = chooseFunctions(all, { names, ...place })
  const known = all.map(({ name }) => name)
  const [first] = unknown
  if (first !== undefined)
    throw usageFailure(
      `Unknown function ${first}.${suggestion(first, known) ?? ` The functions are ${known.join(', ')}.`}`,
    )
  if (refused.length > 0)
    throw usageFailure(refused.map(({ name, why }) => `${name} cannot run: ${why}.`).join('\n'))
  if (found.chosen.length === 0) throw usageFailure('No function can run here.')
  return found
}

/**
 * Waits for a promise until the command is stopped.
 *
 * @throws StoppedByUser as soon as the signal is aborted
 */
function unlessStopped<T>(stop: AbortSignal, work: Promise<T>): Promise<T> {
  const { promise: stopped, reject } = Promise.withResolvers<never>()
  const giveUp = () => reject(new StoppedByUser())
  if (stop.aborted) giveUp()
  else stop.addEventListener('abort', giveUp, { once: true })
  return Promise.race([work, stopped]).finally(() => stop.removeEventListener('abort', giveUp))
}

/**
 * Returns the folder with the functions' bundles. They are built now, unless they have been built in advance, for example in a
 * container image.
 */
async function codeOf(
  names: readonly string[],
  entryOf: (name: string) => FunctionEntry,
  notice: (line: string) => void,
): Promise<{ readonly folder: string; remove(): Promise<void> }> {
  const isBuilt = names.every(name => existsSync(join(PROJECT, 'functions', name, 'handler.js')))
  if (isBuilt) return { folder: PROJECT, remove: async () => {} }
  const folder = join(BUNDLES, String(process.pid))
  const remove = () => rm(folder, { recursive: true, force: true })
  await removeLeftBundles(BUNDLES)
  notice(`builds ${names.length === 1 ? names[0] : `${names.length} functions`}`)
  const { writeBundles } = await import('../runner/bundles.ts')
  try {
    await writeBundles(names, entryOf, { project: PROJECT, to: folder, isAlone: false })
  } catch (error) {
    await remove()
    throw error
  }
  return { folder, remove }
}
