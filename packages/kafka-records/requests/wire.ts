/**
 * Encodes requests to brokers and decodes their responses, in both encodings of the protocol: the plain one and the flexible one
 * (KIP-482).
 */
import { Cursor } from '../cursor.ts'
import { type Broker, sendRequest } from '../kafkajs-internals.ts'

/** A request of the protocol (https://kafka.apache.org/protocol) with the decoder of its response. */
export interface Question<Answer> {
  readonly apiKey: number
  /** Name of the request in the protocol. */
  readonly name: string
  /** Version of the request that this package implements. */
  readonly version: number
  /** Encodes the request without its header. In the flexible encoding, the result starts with the tagged fields of the header. */
  encode(): Buffer
  /** @throws UnreadableBytes if the response is truncated */
  decode(bytes: Buffer): Answer
}

/**
 * Sends a request that kafkajs does not support, or whose response it discards, over a connection of kafkajs.
 *
 * @throws the protocol error UNSUPPORTED_VERSION if the broker does not support its version; UnreadableBytes if the response is
 *   truncated; errors of the connection
 */
export async function askBroker<Answer>(broker: Broker, question: Question<Answer>): Promise<Answer> {
  const { apiKey, name, version } = question
  const { minVersion, maxVersion } = broker.versions?.[apiKey] ?? { minVersion: 0, maxVersion: -1 }
  if (version < minVersion || version > maxVersion) {
    const error = new Error(`the broker does not support version ${version} of ${name}`)
    throw Object.assign(error, { type: 'UNSUPPORTED_VERSION', retriable: false })
  }
  return sendRequest(broker, {
    ...{ apiKey, apiVersion: version, apiName: name },
    encode: () => question.encode(),
    decode: payload => ({ answer: question.decode(payload) }),
  })
}

/** Reads the fields of a response in order. Throws UnreadableBytes if the response is truncated. */
export class AnswerCursor extends Cursor {
  boolean(): boolean {
    return this.int8() !== 0
  }

  /** Reads an int64. The result is exact up to 53 bits, which is enough for all offsets and sizes. */
  long(): number {
    return Number(this.int64())
  }

  compactString(): string | null {
    return this.text(this.uvarint() - 1)
  }

  compactArray<T>(read: () => T): T[] {
    return this.items(this.uvarint() - 1, read)
  }

  /** Reads the end of a structure in the flexible encoding: tagged fields, which later versions of the protocol may have added. */
  tags(): void {
    for (let left = this.uvarint(); left > 0; left--) {
      this.uvarint()
      this.take(this.uvarint())
    }
  }
}

export function int8(value: number): Buffer {
  return Buffer.from([value & 0xff])
}

export function int16(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(2)
  bytes.writeInt16BE(value)
  return bytes
}

export function int32(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(4)
  bytes.writeInt32BE(value)
  return bytes
}

export function int64(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(8)
  bytes.writeBigInt64BE(BigInt(value))
  return bytes
}

export function string(text: string | null): Buffer {
  if (text === null) return int16(-1)
  const bytes = Buffer.from(text)
  return Buffer.concat([int16(bytes.length), bytes])
}

/** @param items items to write; in most requests, null means all */
export function array<T>(items: readonly T[] | null, write: (item: T) => Buffer): Buffer {
  return Buffer.concat([int32(items?.length ?? -1), ...(items ?? []).map(write)])
}

export function compactString(text: string): Buffer {
  const bytes = Buffer.from(text)
  return Buffer.concat([compactLength(bytes.length), bytes])
}

export function compactArray<T>(items: readonly T[] | null, write: (item: T) => Buffer): Buffer {
  if (items === null) return int8(0)
  return Buffer.concat([compactLength(items.length), ...items.map(write)])
}

/** Returns the length of a compact field: the length plus one, with seven bits per byte, lowest bits first; 0 means null. */
function compactLength(length: number): Buffer {
  const bytes: number[] = []
  let rest = length + 1
  for (; rest > 0x7f; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80)
  return Buffer.from([...bytes, rest])
}

export const NO_TAGS: Buffer = int8(0)
