import type { Command } from 'commander'
import { RedisCircuitBreaker } from '../../packages/runtime/adapters/redis/circuit-breaker.ts'
import { OPEN_MS } from '../../packages/runtime/pipeline/failures/failure-surge.ts'
import { environmentOption, JSON_OPTION, someText } from '../arguments.ts'
import { configOf, withRedis } from '../connections.ts'
import { CliFailure } from '../failure.ts'
import { more } from '../help.ts'
import { carryOut } from '../operation.ts'
import { printReport, type Terminal } from '../terminal.ts'

const ABOUT = `Look at the circuit breaker of a consumer, and reset it.

If most records of a consumer fail with an unexpected error, the breaker opens and its batches stay in Kafka: a bad
deployment must not empty the topic into the dead letters. It closes with the next version of the code, after
${OPEN_MS / 60_000} minutes, or when an operator resets it.`

const ENV = environmentOption('to look at')

interface BreakerOptions {
  readonly env?: string
  readonly json?: true
}

export function addBreaker(program: Command, terminal: Terminal): void {
  const breaker = program
    .command('breaker')
    .summary('look at the circuit breaker of a consumer, and reset it')
    .description(ABOUT)
  breaker
    .command('show')
    .summary('whether it is open')
    .description('Show whether the circuit breaker of a consumer is open, and since when.')
    .argument('<consumer>', 'its name, as in serverless.yml', someText)
    .option(...JSON_OPTION)
    .option(...ENV)
    .addHelpText('after', more('Example:\n  sluice breaker show alerting'))
    .action((consumer: string, options: BreakerOptions) => show(consumer, options, terminal))
  breaker
    .command('reset')
    .summary('close it')
    .description(
      'Close the circuit breaker of a consumer for the version of its code that runs now: the deferred records are ' +
        'processed, and what fails leaves as failures.',
    )
    .argument('<consumer>', 'its name, as in serverless.yml', someText)
    .option(...JSON_OPTION)
    .option(...ENV)
    .addHelpText('after', more('Example:\n  sluice breaker reset alerting'))
    .action((consumer: string, options: BreakerOptions) => reset(consumer, options, terminal))
}

async function show(consumer: string, { env, json }: BreakerOptions, terminal: Terminal): Promise<void> {
  const config = configOf(terminal, env)
  const breaker = await withRedis(config, client =>
    new RedisCircuitBreaker(client, config.env).look(consumer),
  )
  printReport(terminal, reportOf(consumer, breaker), json, () => `${textOf(consumer, breaker)}\n`)
}

async function reset(consumer: string, { env, json }: BreakerOptions, terminal: Terminal): Promise<void> {
  const config = configOf(terminal, env)
  await withRedis(config, (client, connections) =>
    carryOut(connections, { action: 'breaker reset', filter: { consumer } }, async () => {
      if (!(await new RedisCircuitBreaker(client, config.env).reset(consumer)))
        throw new CliFailure(`The circuit breaker of ${consumer} is not open: is the consumer's name right?`)
    }),
  )
  const text =
    `The circuit breaker of ${consumer} is reset. The deferred records are processed with the next attempt, and what fails ` +
    'leaves as failures. For another version of the code it can open again.\n'
  printReport(terminal, { consumer, state: 'reset' }, json, () => text)
}

type Breaker = Awaited<ReturnType<RedisCircuitBreaker['look']>>

/** `state`: never-opened, open or reset. */
function reportOf(consumer: string, breaker: Breaker) {
  if (breaker === undefined) return { consumer, state: 'never-opened' }
  const { version, since } = breaker
  if (since === 'reset') return { consumer, state: since, version }
  const [openedAt, openUntil] = [since, since + OPEN_MS].map(ms => new Date(ms).toISOString())
  return { consumer, state: 'open', version, openedAt, openUntil }
}

function textOf(consumer: string, breaker: Breaker): string {
  if (breaker === undefined) return `The circuit breaker of ${consumer} has never opened.`
  const version = `version ${breaker.version} of its code`
  if (breaker.since === 'reset')
    return `The circuit breaker of ${consumer} was reset by an operator for ${version}.`
  const [since, until] = [breaker.since, breaker.since + OPEN_MS].map(ms => new Date(ms).toISOString())
  return (
    `The circuit breaker of ${consumer} opened at ${since} for ${version}. Until ${until} a failure surge of that version stays in ` +
    'Kafka; after that, what fails leaves as failures.'
  )
}
