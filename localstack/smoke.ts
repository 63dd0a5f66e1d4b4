import { setTimeout as pause } from 'node:timers/promises'
import { TopicOffsets } from '../lib/adapters/kafka/offsets.ts'
import { SlotInspection } from '../lib/adapters/redis/inspection.ts'
import { ConfigError, localEnvironment, readConfig } from '../lib/config.ts'
import { Connections } from '../lib/connections.ts'
import { readOptions } from './command-options.ts'
import { LocalCloudError } from './failure.ts'
import { requireReachable } from './smoke/reachable.ts'
import { SmokeReadings } from './smoke/readings.ts'
import { ReadingsProgress } from './start/figures.ts'

// `npm run smoke`: sends readings of a sensor that nobody else has through a running stack, and waits for them.

const READINGS = 20
const ARRIVE_WITHIN_MS = 30_000
/** From their arrival on: under load the other consumer may be behind the one that counts them. */
const DECIDED_WITHIN_MS = 30_000

const USAGE = `Usage: npm run smoke

Sends ${READINGS} readings of a new sensor through the stack that npm start runs, and waits until all of them have arrived and
neither consumer has anything pending up to them. Exit status 0 if so.

  --help   show this

Where the stack runs: KAFKA_BROKERS, or KAFKA_PORT (9092) on 127.0.0.1; REDIS_URL, or REDIS_PORT (6379) on 127.0.0.1.`

process.exitCode = await main(process.argv.slice(2)).catch(error => {
  const saysWhatToDo = error instanceof LocalCloudError || error instanceof ConfigError
  console.error(
    `✗ ${error.message}${saysWhatToDo ? '' : '\n  Is the stack running? Start it with: npm start'}`,
  )
  return 1
})
// A client that is still trying to connect would keep this process alive.
process.exit()

async function main(args: string[]): Promise<number> {
  const { help } = readOptions('npm run smoke', args, { help: { type: 'boolean', default: false } })
  if (help) {
    console.log(USAGE)
    return 0
  }
  const config = readConfig(localEnvironment(process.env))
  await requireReachable(config)
  const connections = new Connections(config, 'smoke')
  const slots = new SlotInspection(await connections.redis())
  const progress = new ReadingsProgress(new TopicOffsets(await connections.kafka()), slots, config.env)
  const publisher = await connections.publisher()

  const startedAtMs = Date.now()
  const readings = new SmokeReadings(config.env, READINGS, startedAtMs)
  await publisher.publish(readings.records())
  console.log(`sent      ${READINGS} readings of ${readings.sensor} to ${readings.topic}`)
  // What comes after ours is not waited for: a busy topic is never idle.
  const ends = await progress.ends()
  const count = () => readings.arrived(slots)
  const arrived = await askUntil(count, found => found >= READINGS, ARRIVE_WITHIN_MS)
  const tookMs = Date.now() - startedAtMs
  console.log(`arrived   ${arrived} of ${READINGS}, in ${(tookMs / 1000).toFixed(1)} s`)
  if (arrived < READINGS)
    return fail(
      `${READINGS - arrived} readings have not arrived; does the processor run, and without errors?`,
    )
  return checkPending(progress, ends)
}

async function checkPending(progress: ReadingsProgress, ends: readonly number[]): Promise<number> {
  const ask = () => progress.pending(ends)
  const late = (pending: Awaited<ReturnType<typeof ask>>) =>
    Object.entries(pending).filter(([, count]) => count > 0)
  const behind = late(await askUntil(ask, pending => late(pending).length === 0, DECIDED_WITHIN_MS))
  if (behind.length > 0) {
    console.log(`pending   ${behind.map(([consumer, count]) => `${count} at ${consumer}`).join(', ')}`)
    const names = behind.map(([consumer]) => consumer).join(' and ')
    return fail(
      `all readings arrived, but records up to them are still pending; does ${names} run, and without errors?`,
    )
  }
  console.log('pending   none\n✓ all readings arrived, and none is pending')
  return 0
}

function fail(what: string): number {
  console.log(`✗ ${what}`)
  return 1
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
    await pause(100)
  }
}
