import { setTimeout as pause } from 'node:timers/promises'
import { StackNotFound, stackEnvironment } from '../cli/stacks/addresses.ts'
import { loadRules } from '../lib/adapters/files/rules.ts'
import { TopicOffsets } from '../lib/adapters/kafka/offsets.ts'
import { SlotInspection } from '../lib/adapters/redis/inspection.ts'
import { ConfigError, localEnvironment, readConfig } from '../lib/config.ts'
import { Connections } from '../lib/connections.ts'
import { readOptions } from './command-options.ts'
import { LocalCloudError } from './failure.ts'
import { FiredAlerts } from './smoke/alerts.ts'
import { consumersOf } from './smoke/consumers.ts'
import { requireReachable } from './smoke/reachable.ts'
import { EXPECTED_RULES, SmokeReadings } from './smoke/readings.ts'
import { failureOf, isPassed, type Seen, summaryOf } from './smoke/result.ts'
import { behind, consumerLags } from './start/consumer-lag.ts'

// `npm run smoke`: sends readings of a new sensor through a running stack, and waits for everything that they cause.

const WITHIN_MS = 45_000
const ASK_EVERY_MS = 100

const USAGE = `Usage: npm run smoke -- [options]

Sends 20 readings of a new sensor through the stack that npm start runs. Four of them break alert rules. Waits until every
consumer of readings in serverless.yml has taken them, and until the alerts are there. Exit status 0 if so.

  --stack NAME  the running stack of that name, as in npm start -- --name NAME (also: SLUICE_STACK)
  --help        show this

Without --stack: KAFKA_BROKERS or KAFKA_PORT, and REDIS_URL or REDIS_PORT; else the stack that runs.
RULES_DIR names the rules that it runs with, where they are not those that ship.`

process.exitCode = await main(process.argv.slice(2)).catch(error => {
  const saysWhatToDo = [LocalCloudError, ConfigError, StackNotFound].some(kind => error instanceof kind)
  console.error(
    `✗ ${error.message}${saysWhatToDo ? '' : '\n  Is the stack running? Start it with: npm start'}`,
  )
  return 1
})
// A client that is still trying to connect would keep this process alive.
process.exit()

async function main(args: string[]): Promise<number> {
  const { help, stack } = readOptions('npm run smoke', args, {
    help: { type: 'boolean', default: false },
    stack: { type: 'string' },
  })
  if (help) {
    console.log(USAGE)
    return 0
  }
  const environment = localEnvironment(stackEnvironment(process.env, stack))
  const config = readConfig(environment)
  await requireReachable(config)
  const readings = new SmokeReadings(config.env, Date.now())
  const [consumers, rules] = await Promise.all([
    consumersOf(readings.topic, { ...environment, SLUICE_ENV: config.env }),
    loadRules(config.rulesDir),
  ])
  const names = rules.map(({ name }) => name)
  const expected = EXPECTED_RULES.filter(rule => names.includes(rule))
  if (expected.length === 0)
    console.log(
      `rules     none of those that ship are in RULES_DIR (${config.rulesDir}), so no alert is expected`,
    )

  const connections = new Connections(config, 'smoke')
  const slots = new SlotInspection(await connections.redis())
  const offsets = new TopicOffsets(await connections.kafka())
  const alerts = await FiredAlerts.from(offsets, await connections.log(), config.env, readings.sensor)
  await (await connections.publisher()).publish(readings.records())
  const startedAtMs = Date.now()
  console.log(`sent      ${readings.count} readings of ${readings.sensor} to ${readings.topic}`)
  // What comes after ours is not waited for: a busy topic is never idle.
  const ends = await offsets.ends(readings.topic)
  const ask = async (): Promise<Seen> => {
    const lags = await consumerLags(offsets, consumers)
    return {
      sent: readings.count,
      processed: await readings.processed(slots),
      expected,
      fired: await alerts.read(),
      pending: new Map(lags.map(({ function: name, next }) => [name, behind(next, ends)])),
    }
  }
  const seen = await askUntil(ask, isPassed, WITHIN_MS)
  console.log(
    `waited    ${((Date.now() - startedAtMs) / 1000).toFixed(1)} s for ${[...seen.pending.keys()].join(', ')}`,
  )
  for (const line of summaryOf(seen)) console.log(line)
  const failure = failureOf(seen)
  console.log(failure === undefined ? 'TEST PASSED: All messages processed!' : `TEST FAILED: ${failure}`)
  return failure === undefined ? 0 : 1
}

/** The first answer that is good enough; when the time is over, the last one. */
async function askUntil<T>(
  ask: () => Promise<T>,
  isEnough: (answer: T) => boolean,
  withinMs: number,
): Promise<T> {
  const giveUpAtMs = Date.now() + withinMs
  for (;;) {
    const answer = await ask()
    if (isEnough(answer) || Date.now() > giveUpAtMs) return answer
    await pause(ASK_EVERY_MS)
  }
}
