import { Producer as PlatformaticProducer } from '@platformatic/kafka'
import kafkajs from 'kafkajs'
import { splitIntoRequests } from '#runtime/adapters/kafka/split-requests.ts'
import { estimateSize, type OutgoingRecord } from '#runtime/cloudevents/record.ts'
import { PROFILES, type ProfileName, TelemetryProducer } from '#runtime/producer/index.ts'
import { createKafkaOutlet, generateReadings } from '../../lib/operations/generate/generate.ts'
import { GENERATOR_DEFAULTS } from '../../lib/telemetry/simulator/settings.ts'
import { deflate } from '../../packages/kafka-records/writing/deflate.ts'
import type { Load } from './records.ts'

/** A client with the settings of a profile. */
interface Side {
  /** Resolves when everything is acknowledged. */
  publish(load: Load): Promise<void>
  close(): Promise<unknown>
}

export interface Target {
  readonly broker: string
  readonly topic: string
  readonly partitions: number
}

export type MakeSide = (profile: ProfileName, target: Target) => Promise<Side>

/** Publishes events and waits for the acknowledged records with their reports. */
export const sluice: MakeSide = async (profile, { broker, topic }) => {
  let failed = 0
  const producer = new TelemetryProducer({
    ...{ kafka: { brokers: [broker], auth: 'none' }, topic, profile },
    onDelivery: ({ isDelivered }) => {
      if (!isDelivered) failed++
    },
  })
  return {
    async publish({ events }) {
      for (const { key, event } of events) await producer.enqueue(event, { key })
      if ((await producer.flush()) > 0 || failed > 0) throw new Error(`${failed} records were not delivered`)
    },
    close: () => producer.close(),
  }
}

/** Makes the readings as well, as `sluice generate --rate max` does. */
export const generator: MakeSide = async (profile, { broker, topic }) => {
  const producer = new TelemetryProducer({
    ...{ kafka: { brokers: [broker], auth: 'none' }, topic, profile },
    onDelivery: () => {},
  })
  return {
    async publish({ records }) {
      const pace = { kind: 'rate', perSecond: Number.POSITIVE_INFINITY } as const
      const signal = new AbortController().signal
      const options = { settings: GENERATOR_DEFAULTS, pace, count: records.length, signal }
      await generateReadings(options, [createKafkaOutlet(producer, signal)], { readings: 0 })
      const left = await producer.flush()
      if (left + producer.metrics().errors > 0) throw new Error(`${left} records were not delivered`)
    },
    close: () => producer.close(),
  }
}

const { None, GZIP, Snappy, LZ4, ZSTD } = kafkajs.CompressionTypes
const KAFKAJS_CODECS = { none: None, gzip: GZIP, snappy: Snappy, lz4: LZ4, zstd: ZSTD } as const

/** Ready records, in the batches of the profile, and as many requests at once as it allows. */
export const bareKafkajs: MakeSide = async (profile, { broker, topic, partitions }) => {
  const { settings } = PROFILES[profile]
  withCodecs()
  const producer = new kafkajs.Kafka({ brokers: [broker], logLevel: kafkajs.logLevel.NOTHING }).producer({
    createPartitioner: kafkajs.Partitioners.DefaultPartitioner,
    idempotent: settings.idempotent,
    maxInFlightRequests: settings.idempotent ? 1 : settings.maxInFlight,
    ...(settings.idempotent ? {} : { retry: { retries: settings.retries } }),
  })
  await producer.connect()
  const acks = settings.acks === 'all' ? -1 : 1
  const compression = KAFKAJS_CODECS[settings.compression]
  return {
    async publish({ records }) {
      await inGroups(records, profile, partitions, async group => {
        await producer.send({ topic, acks, compression, messages: group.map(message) })
      })
    },
    close: () => producer.disconnect(),
  }
}

/** The library brings gzip alone. These are the compressors that Sluice uses. */
function withCodecs(): void {
  const codec = (name: 'snappy' | 'lz4') => () => ({
    compress: async ({ buffer }: { buffer: Buffer }) => (await deflate(name, buffer))[1],
    decompress: async (bytes: Buffer) => bytes,
  })
  kafkajs.CompressionCodecs[Snappy] = codec('snappy')
  kafkajs.CompressionCodecs[LZ4] = codec('lz4')
}

function message({ key, value, headers }: OutgoingRecord) {
  return { key, value, headers: Object.fromEntries(headers) as Record<string, Buffer> }
}

export const platformatic: MakeSide = async (profile, { broker, topic, partitions }) => {
  const { settings } = PROFILES[profile]
  const producer = new PlatformaticProducer({
    clientId: 'bench',
    bootstrapBrokers: [broker],
    acks: settings.acks === 'all' ? -1 : 1,
    compression: settings.compression,
    idempotent: settings.idempotent,
  })
  return {
    async publish({ records }) {
      await inGroups(records, profile, partitions, async group => {
        const messages = group.map(({ key, value, headers }) => ({
          ...{ topic, key: key as Buffer, value: value as Buffer },
          headers: new Map(headers.map(([name, bytes]) => [Buffer.from(name), bytes as Buffer])),
        }))
        await producer.send({ messages })
      })
    },
    close: () => producer.close(),
  }
}

/** A batch of bytes is counted for each partition, and records go to all of them. */
async function inGroups(
  records: readonly OutgoingRecord[],
  profile: ProfileName,
  partitions: number,
  send: (group: readonly OutgoingRecord[]) => Promise<void>,
): Promise<void> {
  const { batchRecords, batchBytes, maxInFlight } = PROFILES[profile].settings
  const left = splitIntoRequests(records, estimateSize, {
    items: batchRecords,
    bytes: partitions * batchBytes,
  })
  const sendNext = async () => {
    for (let next = left.next(); !next.done; next = left.next()) await send(next.value)
  }
  await Promise.all(Array.from({ length: maxInFlight }, sendNext))
}
