import type { Command } from 'commander'
import { RedisFloodGate } from '../../lib/adapters/redis/flood-gate.ts'
import { HELD_MS } from '../../lib/pipeline/flood.ts'
import { environmentOption, JSON_OPTION, someText } from '../arguments.ts'
import { configOf, withRedis } from '../connections.ts'
import { CliFailure } from '../failure.ts'
import { more } from '../help.ts'
import { printReport, type Terminal } from '../terminal.ts'

const ABOUT = `Look at the flood gate of a consumer, and open it.

Where most records of a consumer fail with an unexpected error, its batches stay in Kafka: a bad deployment must not
empty the topic into the dead letters. That ends with the next version of the code, by itself after ${HELD_MS / 60_000} minutes,
or when somebody opens the gate.`

const ENV = environmentOption('to look at')

interface FloodOptions {
  readonly env?: string
  readonly json?: true
}

export function addFlood(program: Command, terminal: Terminal): void {
  const flood = program
    .command('flood')
    .summary('look at the flood gate of a consumer, and open it')
    .description(ABOUT)
  flood
    .command('show')
    .summary('whether the gate is closed')
    .description('Show whether the flood gate of a consumer is closed, and since when.')
    .argument('<consumer>', 'its name, as in serverless.yml', someText)
    .option(...JSON_OPTION)
    .option(...ENV)
    .addHelpText('after', more('Example:\n  sluice flood show alerting'))
    .action((consumer: string, options: FloodOptions) => show(consumer, options, terminal))
  flood
    .command('release')
    .summary('open the gate')
    .description(
      'Open the flood gate of a consumer for the version of its code that runs now: what waits in Kafka is ' +
        'processed, and what fails goes out as failures.',
    )
    .argument('<consumer>', 'its name, as in serverless.yml', someText)
    .option(...JSON_OPTION)
    .option(...ENV)
    .addHelpText('after', more('Example:\n  sluice flood release alerting'))
    .action((consumer: string, options: FloodOptions) => release(consumer, options, terminal))
}

async function show(consumer: string, { env, json }: FloodOptions, terminal: Terminal): Promise<void> {
  const config = configOf(terminal, env)
  const gate = await withRedis(config, client => new RedisFloodGate(client, config.env).look(consumer))
  printReport(terminal, gateReport(consumer, gate), json, () => `${gateText(consumer, gate)}\n`)
}

async function release(consumer: string, { env, json }: FloodOptions, terminal: Terminal): Promise<void> {
  const config = configOf(terminal, env)
  const isReleased = await withRedis(config, client =>
    new RedisFloodGate(client, config.env).release(consumer),
  )
  if (!isReleased)
    throw new CliFailure(`The flood gate of ${consumer} is not closed: is the consumer's name right?`)
  const text =
    `The flood gate of ${consumer} is open. What waits in Kafka is processed from the next attempt on, and what fails goes out ` +
    'as failures. Another version of the code has its own gate.\n'
  printReport(terminal, { consumer, state: 'released' }, json, () => text)
}

type Gate = Awaited<ReturnType<RedisFloodGate['look']>>

/** `state`: never-closed, closed or released. */
function gateReport(consumer: string, gate: Gate) {
  if (gate === undefined) return { consumer, state: 'never-closed' }
  const { version, since } = gate
  if (since === 'released') return { consumer, state: since, version }
  const [closedAt, heldUntil] = [since, since + HELD_MS].map(ms => new Date(ms).toISOString())
  return { consumer, state: 'closed', version, closedAt, heldUntil }
}

function gateText(consumer: string, gate: Gate): string {
  if (gate === undefined) return `The flood gate of ${consumer} has never been closed.`
  const version = `version ${gate.version} of its code`
  if (gate.since === 'released')
    return `The flood gate of ${consumer} was opened by an operator for ${version}.`
  const [since, until] = [gate.since, gate.since + HELD_MS].map(ms => new Date(ms).toISOString())
  return (
    `The flood gate of ${consumer} was closed at ${since} for ${version}. Until ${until} a flood of that version waits in Kafka; ` +
    'after that, what fails goes out as failures.'
  )
}
