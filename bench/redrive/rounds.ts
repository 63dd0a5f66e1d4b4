/** Rounds of a bulk redrive and of plain copies of the same records, one after another, each with topics of its own. */
import { Readable, Writable } from 'node:stream'
import { run as runCommand } from '../../cli/program.ts'
import { topicName } from '../../lib/app/topics.ts'
import { type Range, readRecordGroups } from '../../lib/queries/records.ts'
import { createTopics } from '../../localstack/topics.ts'
import { kafkaClient } from '../../packages/runtime/adapters/kafka/client.ts'
import { KafkaLogReader } from '../../packages/runtime/adapters/kafka/log-reader.ts'
import { TopicOffsets } from '../../packages/runtime/adapters/kafka/offsets.ts'
import { bufferOf } from '../../packages/runtime/cloudevents/header-bytes.ts'
import type { LogRecord, OutgoingRecord } from '../../packages/runtime/cloudevents/record.ts'
import { bulkPublisher, KafkaPublisher } from '../../packages/runtime/producer/publisher.ts'
import type { RecordProducer } from '../../packages/runtime/producer/record-producer.ts'
import { aimed, type Figure } from '../kit/figures.ts'
import type { Run } from '../kit/program.ts'
import type { Servers } from '../kit/servers.ts'
import { filled } from './dead-letters.ts'

const LETTERS = 100_000
const QUICK_LETTERS = 10_000
/** Number of records that a redrive publishes at once. */
const MAX_RECORDS = 2_000

/** The redrive, and copies: of the records that failed, of their dead letters, and of these with the reads and writes of the redrive. */
const SIDES = ['records', 'redrive', 'letters', 'ahead'] as const
type Side = (typeof SIDES)[number]

/** Figures of all rounds. The first round warms up and does not count. */
export async function redriven({ broker, redisUrl }: Servers, run: Run): Promise<Figure[]> {
  const letters = run.quick ? QUICK_LETTERS : LETTERS
  const rates: Record<Side, number[]> = { records: [], redrive: [], letters: [], ahead: [] }
  const cpu: Record<Side, number[]> = { records: [], redrive: [], letters: [], ahead: [] }
  for (let round = 0; round <= run.rounds; round++) {
    run.signal.throwIfAborted()
    const env = `round${round}`
    await createTopics({ brokers: [broker], env })
    await withKafka(broker, kafka => filled(kafka.publisher, env, letters))
    const perSecond = (ms: number) => (letters * 1000) / ms
    const sides = {
      redrive: () => redrive({ broker, redisUrl }, env, letters),
      records: () => copy(broker, topicName('readings', env), topicName('analytics', env)),
      letters: () => copy(broker, topicName('dlq', env), topicName('failures', env)),
      ahead: () => copy(broker, topicName('dlq', env), topicName('retry-1h', env), true),
    } satisfies Record<Side, () => Promise<number>>
    // The copy of the records first: the redrive adds to them.
    for (const side of SIDES) {
      const before = process.cpuUsage()
      const rate = perSecond(await sides[side]())
      const { user, system } = process.cpuUsage(before)
      const micros = (user + system) / letters
      if (round > 0) rates[side].push(rate)
      if (round > 0) cpu[side].push(micros)
      const shown = `${Math.round(rate).toLocaleString('en')} a second, ${micros.toFixed(1)} µs of processor time each`
      run.say(`round ${round}  ${side.padEnd(8)}  ${shown}`)
    }
  }
  const share = (of: readonly number[]) => rates.redrive.map((rate, round) => (100 * rate) / (of[round] ?? 0))
  const inCpu = cpu.redrive.map((micros, round) => (100 * (cpu.letters[round] ?? 0)) / micros)
  return [
    { name: 'redrive/dead letters', unit: '/s', rounds: rates.redrive, worse: 'lower' },
    { name: 'redrive/plain copy of the dead letters', unit: '/s', rounds: rates.letters },
    { name: 'redrive/copy by the means of the redrive', unit: '/s', rounds: rates.ahead },
    { name: 'redrive/plain copy of the records', unit: '/s', rounds: rates.records },
    aimed('redrive/share of the plain copy', '%', { atLeast: 70 }, share(rates.letters)),
    { name: 'redrive/share of the plain copy, in processor time', unit: '%', rounds: inCpu, worse: 'lower' },
    {
      name: 'redrive/share of the copy by its own means',
      unit: '%',
      rounds: share(rates.ahead),
      worse: 'lower',
    },
    {
      name: 'redrive/share of the copy of the records',
      unit: '%',
      rounds: share(rates.records),
      worse: 'lower',
    },
  ]
}

/** The command as a person runs it, from the question how long the topic is to the audit event. */
async function redrive({ broker, redisUrl }: Servers, env: string, letters: number): Promise<number> {
  let stdout = ''
  const output = new Writable({
    write(chunk, _, done) {
      stdout += chunk
      done()
    },
  })
  const startedMs = performance.now()
  const status = await runCommand(['dlq', 'redrive', '--since', '365d', '--yes', '--json'], {
    stdin: Readable.from([]),
    stdout: output,
    stderr: new Writable({ write: (_chunk, _encoding, done) => done() }),
    environment: { KAFKA_BROKERS: broker, REDIS_URL: redisUrl, SLUICE_ENV: env, USER: 'bench' },
    folder: '.',
    stop: new AbortController().signal,
  })
  const ms = performance.now() - startedMs
  const { taken } = JSON.parse(stdout)
  if (status !== 0 || taken !== letters) throw new Error(`redriven ${taken} of ${letters}, status ${status}`)
  return ms
}

/**
 * Reads a topic and writes its records to another, in requests of the size of the redrive.
 *
 * @param isOwn whether by the means of the redrive: the next records are read while Kafka takes these, and records are encoded once; otherwise
 * one read after the other, and written by the producer of kafkajs
 */
async function copy(broker: string, from: string, to: string, isOwn = false): Promise<number> {
  const startedMs = performance.now()
  await withKafka(broker, async ({ log, offsets, publisher: plain, batches }) => {
    const publisher = isOwn ? batches : plain
    const ranges = (await offsets.bounds(from)).map((bounds, partition) => ({
      topic: from,
      partition,
      ...bounds,
    }))
    let inFlight: Promise<unknown> = Promise.resolve()
    for await (const group of isOwn ? readRecordGroups(log, ranges) : oneByOne(log, ranges))
      for (let at = 0; at < group.length; at += MAX_RECORDS) {
        const records = group.slice(at, at + MAX_RECORDS).map(({ key, value, headers }): OutgoingRecord => {
          const copied = headers.map(([name, bytes]) => [name, bufferOf(bytes)] as const)
          return { topic: to, key, value, headers: copied }
        })
        await inFlight
        inFlight = publisher.publish(records)
        inFlight.catch(() => {})
        if (!isOwn) await inFlight
      }
    await inFlight
  })
  return performance.now() - startedMs
}

async function* oneByOne(
  log: KafkaLogReader,
  ranges: readonly Range[],
): AsyncGenerator<readonly LogRecord[]> {
  for (const { topic, partition, start, end } of ranges)
    for (let next = start; next < end; ) {
      const { records, nextOffset } = await log.read(topic, partition, {
        fromOffset: next,
        toOffset: end - 1,
      })
      yield records
      next = nextOffset
    }
}

interface Clients {
  readonly log: KafkaLogReader
  readonly offsets: TopicOffsets
  readonly publisher: KafkaPublisher
  readonly batches: RecordProducer
}

async function withKafka<T>(broker: string, use: (clients: Clients) => Promise<T>): Promise<T> {
  const kafka = kafkaClient({ brokers: [broker], clientId: 'bench', auth: 'none' })
  const clients = {
    log: new KafkaLogReader(kafka),
    offsets: new TopicOffsets(kafka),
    publisher: new KafkaPublisher(kafka),
    batches: bulkPublisher(async () => kafka),
  }
  try {
    return await use(clients)
  } finally {
    await Promise.all(Object.values(clients).map(client => client.close()))
  }
}
