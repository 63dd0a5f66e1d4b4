/** `npm run smoke`: sends readings of a new sensor through a running stack, and waits for all their effects. */
import { randomUUID } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { kafkaAnswers, redisAnswers } from '#local-servers/probes'
import { type LogRecord, toOutgoingRecord } from '#runtime/cloudevents'
import { type Event, formatEntity } from '#runtime/consumer'
import { Connections } from '#runtime/functions/connections'
import { TopicOffsets } from '#runtime/operating/kafka'
import { serverUnavailable } from '#runtime/operating/servers'
import { StateInspection } from '#runtime/operating/states'
import { PlainLog } from '#runtime/pipeline'
import { ConfigError } from '#runtime/settings'
import { type Config, localEnvironment, readConfig } from '../control/environment/config.ts'
import { readFunctions } from '../control/environment/function-entries.ts'
import { listTriggerTopics, type ReadTopic, writesRows } from '../control/environment/functions.ts'
import { readAlert } from '../control/queries/alerts/alerts-topic.ts'
import { countPendingBefore, readConsumerLags } from '../control/queries/kafka/consumer-lag.ts'
import { followTopic } from '../control/queries/records/follow-topic.ts'
import { entityStatistics } from '../control/tables/entity-statistics.ts'
import { loadRules } from '../lib/alerting/adapters/index.ts'
import { dataReader } from '../lib/app/data/data-reader.ts'
import type { Named, Vocabulary } from '../lib/app/naming/names.ts'
import { readTopicBounds } from '../lib/log/topic-bounds.ts'
import { computeRecordKey, createReading, type ReadingData } from '../lib/telemetry/index.ts'
import { DEFAULT_FAMILY } from '../lib/telemetry/simulator/index.ts'
import { readOptions } from '../scripts/command-line.ts'
import { StackNotFound, stackEnvironment } from '../scripts/stack-environment.ts'
import { UserError } from '../scripts/user-error.ts'
import { describeFailure, formatSummary, isPassed, type SmokeProgress } from './smoke-result.ts'

/** Values that do not fire any shipped rule. */
const USUAL = { temperature: 20, humidity: 50, windSpeed: 10, pressure: 1013 } as const

/** Measured values of the readings. Each value that fires an alert is surrounded by normal ones. */
const MEASURED: readonly Readonly<Record<string, number>>[] = [
  ...repeatUsual(3),
  { temperature: 43.5 },
  ...repeatUsual(4),
  { humidity: 11 },
  ...repeatUsual(4),
  { windSpeed: 78 },
  ...repeatUsual(3),
  { pressure: 962 },
  ...repeatUsual(2),
]

/** Metric that is in every reading of the smoke test. */
const SMOKE_METRIC = 'temperature' satisfies keyof typeof USUAL
/** Shipped alert rules that the readings fire. */
const SMOKE_RULES = ['HIGH_TEMP', 'LOW_HUMIDITY', 'HIGH_WIND', 'LOW_PRESSURE'] as const

/** Time after which the check ends if no figure has changed, in milliseconds. An invocation that reaches its timeout takes 60 s. */
const CHANGES_WITHIN_MS = 90_000
const ASK_EVERY_MS = 100

const USAGE = `Usage: npm run smoke -- [options]

Sends 20 readings of a new sensor through the stack that npm start runs. Four of them violate alert rules. Waits until every
consumer of readings in serverless.yml has processed them and the alerts have fired. The exit status is then 0. It fails when
nothing has changed for 90 seconds.

  --stack NAME  the running stack of that name, as in npm start -- --name NAME (also: SLUICE_STACK)
  --help        show this

Without --stack: KAFKA_BROKERS or KAFKA_PORT, and REDIS_URL or REDIS_PORT, or else the running stack.
RULES_DIR names the stack's rules, if they are not the ones that ship.`

/** Rules whose alerts of one sensor were published after the start. */
class FiredAlerts {
  readonly #rules = new Set<string>()
  #error: unknown

  constructor(records: AsyncIterable<LogRecord>, sensor: string) {
    this.#collect(records, sensor).catch(error => {
      this.#error = error
    })
  }

  async #collect(records: AsyncIterable<LogRecord>, sensor: string): Promise<void> {
    for await (const record of records) {
      const alert = readAlert(record)?.alert
      if (alert?.status === 'firing' && alert.entity.subject === sensor) this.#rules.add(alert.rule)
    }
  }

  /** Returns the names of all rules that have fired so far. @throws the error with which reading has ended */
  read(): ReadonlySet<string> {
    if (this.#error) throw this.#error
    return this.#rules
  }
}

/** Readings of a new sensor. No other readings can affect the counts and alerts of this sensor. */
class SmokeReadings {
  readonly sensor = `smoke-${randomUUID().slice(0, 8)}`
  readonly count: number
  readonly #readings: { readonly topic: string; readonly partitions: number }
  readonly #events: readonly Event[]
  readonly #key: string | null

  /** Creates the readings. @param nowMs time of the last reading plus one second, in epoch milliseconds */
  constructor({ env, families, names }: Named & Vocabulary, nowMs: number) {
    this.#readings = names.topicSize('readings', env)
    const family = families.get(DEFAULT_FAMILY)
    const data = listSmokeData(this.sensor)
    this.count = data.length
    this.#key = computeRecordKey(family, data[0] ?? {})
    this.#events = data.map((values, index) => {
      const time = new Date(nowMs - (data.length - index) * 1000).toISOString()
      return createReading(family, `${this.sensor}-${index}`, time, values)
    })
  }

  get topic(): string {
    return this.#readings.topic
  }

  records() {
    return this.#events.map(event => toOutgoingRecord(this.topic, this.#key, event))
  }

  /** Returns the number of these readings that the processor has processed in all partitions. */
  async countProcessed(stateKeys: StateInspection): Promise<number> {
    const [first] = this.#events
    if (!first) return 0
    const seen = await entityStatistics(stateKeys, this.#readings, formatEntity(first), Date.now())
    return seen?.metrics[SMOKE_METRIC]?.count ?? 0
  }
}

process.exitCode = await main(process.argv.slice(2)).catch(error => {
  const saysWhatToDo = [UserError, ConfigError, StackNotFound].some(kind => error instanceof kind)
  console.error(
    `✗ ${error.message}${saysWhatToDo ? '' : '\n  Is the stack running? Start it with: npm start'}`,
  )
  return 1
})
// A client that is still connecting would keep this process running.
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
  const readings = new SmokeReadings(config, Date.now())
  const consumers = readers(config)
  const rules = await loadRules(config.families, config.rulesDir)
  const names = rules.map(({ name }) => name)
  const expected = SMOKE_RULES.filter(rule => names.includes(rule))
  if (expected.length === 0)
    console.log(
      `rules     RULES_DIR (${config.rulesDir}) contains no shipped rules, so no alerts are expected`,
    )

  const connections = new Connections(config, 'sluice-smoke')
  const stateKeys = new StateInspection(await connections.redis())
  const offsets = new TopicOffsets(await connections.kafka())
  const log = new PlainLog(await connections.log(), dataReader(config))
  const alertsTopic = config.names.topicName('alerts', config.env)
  const { signal } = new AbortController()
  const records = followTopic(log, offsets, alertsTopic, await offsets.ends(alertsTopic), signal)
  const alerts = new FiredAlerts(records, readings.sensor)
  await (await connections.publisher()).publish(readings.records())
  const startedAtMs = Date.now()
  console.log(`sent      ${readings.count} readings of ${readings.sensor} to ${readings.topic}`)
  // Do not wait for later records, because a busy topic never becomes idle.
  const ends = (await readTopicBounds(offsets, readings.topic)).map(({ end }) => end)
  const ask = async (): Promise<SmokeProgress> => {
    const lags = await readConsumerLags(offsets, consumers)
    return {
      sent: readings.count,
      processed: await readings.countProcessed(stateKeys),
      expected,
      fired: alerts.read(),
      pending: new Map(lags.map(lag => [lag.function, countPendingBefore(lag, ends)])),
    }
  }
  const seen = await askUntil(ask, isPassed)
  console.log(
    `waited    ${((Date.now() - startedAtMs) / 1000).toFixed(1)} s for ${[...seen.pending.keys()].join(', ')}`,
  )
  for (const line of formatSummary(seen)) console.log(line)
  const failure = describeFailure(seen)
  console.log(failure === undefined ? 'TEST PASSED: All messages processed!' : `TEST FAILED: ${failure}`)
  return failure === undefined ? 0 : 1
}

/** Returns the first result that is sufficient. If the figures have stopped changing, returns the last result. */
async function askUntil(
  ask: () => Promise<SmokeProgress>,
  isEnough: (seen: SmokeProgress) => boolean,
): Promise<SmokeProgress> {
  let before: string | undefined
  let deadlineMs = 0
  for (;;) {
    const seen = await ask()
    const figures = JSON.stringify([seen.processed, [...seen.fired], [...seen.pending]])
    if (figures !== before) deadlineMs = Date.now() + CHANGES_WITHIN_MS
    before = figures
    if (isEnough(seen) || Date.now() > deadlineMs) return seen
    await pause(ASK_EVERY_MS)
  }
}

/**
 * Checks that the configured servers respond, so that a wrong address is reported at the start rather than by a later failure.
 *
 * @throws UserError naming the servers that do not respond, without user and password
 */
async function requireReachable({ kafka, redis }: Config): Promise<void> {
  if (!URL.canParse(redis.url))
    throw new UserError('REDIS_URL must have the form redis://host:port (rediss:// for TLS).')
  const [kafkaIsThere, redisIsThere] = await Promise.all([
    // The probe supports only plaintext. If the cluster is specified by its ARN, its brokers are looked up later.
    kafka.auth !== 'none' || kafka.brokers.length === 0 || kafkaAnswers(kafka.brokers.join(',')),
    redisAnswers(redis.url),
  ])
  const describe = (server: 'kafka' | 'redis', address: string) =>
    serverUnavailable(server, new Error('its first request failed'), address).words.happened
  const silent = [
    ...(kafkaIsThere ? [] : [`${describe('kafka', kafka.brokers.join(','))} (KAFKA_BROKERS, KAFKA_PORT).`]),
    ...(redisIsThere ? [] : [`${describe('redis', hostAndPort(redis.url))} (REDIS_URL, REDIS_PORT).`]),
  ]
  if (silent.length === 0) return
  throw new UserError(
    `${silent.join('\n  ')}\n  Start the stack with npm start, or set these variables to its addresses.`,
  )
}

function hostAndPort(url: string): string {
  const { hostname, port } = new URL(url)
  return `${hostname}:${port || 6379}`
}

/** Returns the functions of serverless.yml that read the readings, with their consumer groups in this environment. */
function readers(config: Config): ReadTopic[] {
  return readFunctions()
    .filter(declared => config.storageUrl !== undefined || !writesRows(declared))
    .flatMap(declared => listTriggerTopics(declared, config, []))
    .filter(read => read.signal === 'readings')
}

/** Returns the data of the readings of one sensor, in order. */
function listSmokeData(sensorId: string): readonly ReadingData[] {
  const location = { site: 'smoke', latitude: 0, longitude: 0 }
  return MEASURED.map(measured => ({ sensorId, ...USUAL, ...measured, location }))
}

function repeatUsual(count: number): Readonly<Record<string, number>>[] {
  return Array.from({ length: count }, () => ({}))
}
