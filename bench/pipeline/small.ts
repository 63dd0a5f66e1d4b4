import { createHook } from 'node:async_hooks'
import { Socket } from 'node:net'
import { join } from 'node:path'
import kafkajs, { type Producer } from 'kafkajs'
import { computePartition } from '#runtime/consumer'
import type { KafkaHandler } from '#runtime/functions/consumers'
import type { KafkaEvent } from '#runtime/pipeline'
import type { KafkaRuntime } from '#runtime/test/support/inside'
import { environmentReading, kafkaEvent, logRecord } from '#runtime/test/support/records'
import { loadRules } from '../../lib/alerting/adapters/load-rules.ts'
import { alerting } from '../../lib/alerting/process.ts'
import { kafkaConsumer } from '../../lib/app/handlers/kafka-consumer.ts'
import { PROJECT } from '../../scripts/paths.ts'
import type { Figure } from '../kit/figures.ts'
import { Load } from '../kit/load.ts'
import type { Run } from '../kit/program.ts'
import type { Servers } from '../kit/servers.ts'
import { families, names } from '../kit/vocabulary.ts'

const ENV = 'bench'
const READINGS = names.topicName('readings', ENV)
const PARTITIONS = 12
const SENSORS = 40
/** Records of each partition in an invocation. The first is what the local trigger passes on at 1,000 records/s. */
const CASES = [[2, 1, 1], Array<number>(PARTITIONS).fill(1), Array<number>(PARTITIONS).fill(4)]
const COUNTED = 50
const CONTEXT = { getRemainingTimeInMillis: () => 60_000, functionName: 'alerting', awsRequestId: 'bench' }

/**
 * Measures an invocation of the alerting function that has few records of several partitions, each of which fires or resolves an
 * alert. There, a record pays for the calls of its partition. Also counts the writes to sockets and the promises of an invocation.
 */
export async function* small({ broker, redisUrl }: Servers, run: Run): AsyncGenerator<Figure> {
  const readings = await Readings.open(broker)
  const alerts = await createAlerting({ broker, redisUrl })
  try {
    const invocations = run.quick ? 500 : 2_000
    for (const records of CASES) {
      const name = `pipeline/invocation with ${records.join('+')} records`
      const wall: number[] = []
      const processor: number[] = []
      // The first round compiles the code and does not count.
      for (let round = 0; round <= run.rounds; round += 1) {
        run.signal.throwIfAborted()
        const cost = await measureCost(alerts, await readings.batches(records, invocations))
        if (round > 0) {
          wall.push(cost.wall)
          processor.push(cost.processor)
        }
        run.say(
          `round ${round}  ${records.join('+')} records: ${cost.wall.toFixed(2)} ms an invocation, processor time ` +
            `${cost.processor.toFixed(2)} ms`,
        )
      }
      const { kafka, redis, promises } = await countCalls(
        broker,
        alerts,
        await readings.batches(records, COUNTED),
      )
      run.say(`an invocation: ${kafka} writes to Kafka, ${redis} to Redis, ${promises} promises`)
      yield { name, unit: 'ms', rounds: wall, worse: 'higher' }
      yield { name: `${name}, processor time`, unit: 'ms', rounds: processor, worse: 'higher' }
      yield { name: `${name}, writes to sockets`, unit: '', rounds: [kafka + redis], worse: 'higher' }
    }
  } finally {
    await ((await alerts.start()) as KafkaRuntime).connections.close()
    await readings.close()
  }
}

/** The function as it is deployed, but what it logs is dropped. */
async function createAlerting({ broker, redisUrl }: Servers): Promise<KafkaHandler> {
  Object.assign(process.env, {
    KAFKA_BROKERS: broker,
    REDIS_URL: redisUrl,
    SLUICE_ENV: ENV,
    AWS_LAMBDA_FUNCTION_NAME: 'alerting',
    REPORT_BATCH_ITEM_FAILURES: 'true',
  })
  const rules = await loadRules(families, join(PROJECT, 'config/rules'))
  return kafkaConsumer('alerting', alerting(families, rules))
}

/** Readings in a real log, in which the function can look for the record at its applied offset. */
class Readings {
  readonly #load: Load
  readonly #producer: Producer
  readonly #next = Array<number>(PARTITIONS).fill(0)
  readonly #sensors = Array.from({ length: PARTITIONS }, (_, partition) => findSensors(partition))
  #turn = 0

  private constructor(load: Load, producer: Producer) {
    this.#load = load
    this.#producer = producer
  }

  static async open(broker: string): Promise<Readings> {
    const load = await Load.connect([broker])
    await load.topic(READINGS, PARTITIONS)
    await load.topic(names.topicName('alerts', ENV), 3)
    const producer = new kafkajs.Kafka({ brokers: [broker] }).producer()
    await producer.connect()
    return new Readings(load, producer)
  }

  /** Writes the records of invocations, each with these numbers of records in the next partitions in turn. */
  async batches(records: readonly number[], count: number): Promise<readonly KafkaEvent[]> {
    const all = Array.from({ length: count }, () =>
      records.flatMap(each => {
        const partition = this.#turn++ % PARTITIONS
        return Array.from({ length: each }, () => this.#reading(partition))
      }),
    )
    const written = all.flat().map(({ key, value, headers, partition, timestampMs }) => ({
      ...{ key, value, partition, headers: Object.fromEntries(headers) as Record<string, Buffer> },
      timestamp: String(timestampMs),
    }))
    for (let at = 0; at < written.length; at += 1_000)
      await this.#producer.send({ topic: READINGS, messages: written.slice(at, at + 1_000) })
    return all.map(kafkaEvent)
  }

  async close(): Promise<void> {
    await this.#producer.disconnect()
    await this.#load.close()
  }

  #reading(partition: number) {
    const offset = this.#next[partition] ?? 0
    this.#next[partition] = offset + 1
    const sensor = this.#sensors[partition]?.[offset % SENSORS] as string
    const temperature = Math.floor(offset / SENSORS) % 2 === 0 ? 45 : 20
    const reading = environmentReading(`${partition}-${offset}`, { sensor, at: offset / 100, temperature })
    return logRecord(offset, reading, {
      ...{ topic: READINGS, partition },
      timestampMs: Date.parse(reading.time as string),
    })
  }
}

function findSensors(partition: number): readonly string[] {
  const sensors: string[] = []
  for (let n = 0; sensors.length < SENSORS; n += 1)
    if (computePartition(Buffer.from(`sensor-${n}`), PARTITIONS) === partition) sensors.push(`sensor-${n}`)
  return sensors
}

async function measureCost(handler: KafkaHandler, events: readonly KafkaEvent[]) {
  const { write } = process.stdout
  process.stdout.write = () => true
  const before = process.cpuUsage()
  const beganAtMs = performance.now()
  try {
    for (const event of events) {
      const { batchItemFailures } = await handler(event, CONTEXT)
      if (batchItemFailures.length > 0) throw new Error('records were not processed')
    }
  } finally {
    process.stdout.write = write
  }
  const wallMs = performance.now() - beganAtMs
  const { user, system } = process.cpuUsage(before)
  return { wall: wallMs / events.length, processor: (user + system) / 1000 / events.length }
}

/** Counts the writes to sockets, and the promises, of an invocation. The hook for promises is slow, so the time does not count. */
async function countCalls(broker: string, handler: KafkaHandler, events: readonly KafkaEvent[]) {
  const counts = { kafka: 0, redis: 0, promises: 0 }
  const { _write, _writev } = Socket.prototype
  const count = (socket: Socket) => {
    counts[broker.endsWith(`:${socket.remotePort}`) ? 'kafka' : 'redis'] += 1
  }
  Socket.prototype._write = function (...args) {
    count(this)
    _write.apply(this, args)
  }
  Socket.prototype._writev = function (...args) {
    count(this)
    _writev?.apply(this, args)
  }
  const hook = createHook({
    init: (_, type) => {
      if (type === 'PROMISE') counts.promises += 1
    },
  }).enable()
  try {
    await measureCost(handler, events)
  } finally {
    hook.disable()
    Object.assign(Socket.prototype, { _write, _writev })
  }
  const each = (number: number) => Math.round((number / events.length) * 10) / 10
  return { kafka: each(counts.kafka), redis: each(counts.redis), promises: each(counts.promises) }
}
