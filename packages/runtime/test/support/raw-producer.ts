/** Appends record batches as raw bytes, because no client library can write everything that a log may contain. */
import { createRequire } from 'node:module'
import { createCluster } from '@sluice/kafka-records'
import type { Kafka } from 'kafkajs'

const require = createRequire(import.meta.url)
const Encoder = require('kafkajs/src/protocol/encoder')

const PRODUCE = 0
/** Version of the produce request, the first one that supports zstd. */
const VERSION = 7

/** Internal broker object of the library, below its methods for requests. */
interface RawBroker {
  readonly connectionPool: { send(request: object): Promise<Buffer> }
}

/** Appends batches, and returns the offset of the first record of each batch. Rejects with the broker's error. */
export async function appendBatches(
  kafka: Kafka,
  topic: string,
  partition: number,
  batches: readonly Buffer[],
): Promise<number[]> {
  const cluster = createCluster(kafka, { allowAutoTopicCreation: false })
  await cluster.connect()
  try {
    await cluster.addTargetTopic(topic)
    const [nodeId = ''] = Object.keys(cluster.findLeaderForPartitions(topic, [partition]))
    const { connectionPool } = (await cluster.findBroker({ nodeId })) as unknown as RawBroker
    const offsets: number[] = []
    for (const batch of batches) {
      const encoded = new Encoder().writeBuffer(produceRequest(topic, partition, batch))
      const answer = await connectionPool.send({
        request: {
          apiKey: PRODUCE,
          apiVersion: VERSION,
          apiName: 'Produce',
          encode: async () => encoded,
        },
        response: { decode: async (bytes: Buffer) => bytes, parse: async (bytes: Buffer) => bytes },
      })
      offsets.push(getOffset(answer, topic))
    }
    return offsets
  } finally {
    await cluster.disconnect()
  }
}

function produceRequest(topic: string, partition: number, batch: Buffer): Buffer {
  const name = Buffer.from(topic)
  const head = Buffer.alloc(2 + 2 + 4 + 4 + 2)
  // The request has no transaction, requires the acknowledgement of all replicas, and contains a timeout and one topic.
  head.writeInt16BE(-1, 0)
  head.writeInt16BE(-1, 2)
  head.writeInt32BE(30_000, 4)
  head.writeInt32BE(1, 8)
  head.writeInt16BE(name.length, 12)
  const place = Buffer.alloc(4 + 4 + 4)
  place.writeInt32BE(1, 0)
  place.writeInt32BE(partition, 4)
  place.writeInt32BE(batch.length, 8)
  return Buffer.concat([head, name, place, batch])
}

/** Parses a response for one topic and one partition. */
function getOffset(answer: Buffer, topic: string): number {
  const at = 4 + 2 + Buffer.byteLength(topic) + 4 + 4
  const error = answer.readInt16BE(at)
  if (error !== 0) throw new Error(`the broker does not take the batch: error ${error}`)
  return Number(answer.readBigInt64BE(at + 2))
}
