/**
 * Reads topics from the brokers with its own implementation of Kafka's protocol. The ledger counts with it: if it shared a
 * client with the project, both would have the same errors.
 */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { promisify } from 'node:util'
import { type KafkaRecord, readRecords } from './records.ts'
import { Reader, Writer } from './wire.ts'

/** Number and version of each request; the versions are supported by all current brokers. */
const FETCH = [1, 4] as const
const LIST_OFFSETS = [2, 2] as const
const METADATA = [3, 1] as const

const LATEST = -1
/** Isolation levels: with the first, only committed records of transactions are returned. */
const READ_COMMITTED = 1
const FETCH_BYTES = 4 * 1024 * 1024

/** Longest time in which a broker starts on a busy machine. */
const STARTED_MS = 10 * 60_000
const PAUSE_MS = 250
const pause = promisify(setTimeout)

export class KafkaLog {
  readonly #brokers: readonly string[]
  readonly #connections = new Map<string, Promise<Connection>>()

  constructor(brokers: readonly string[]) {
    this.#brokers = brokers
  }

  /** The end offset of each partition: after the last readable record. */
  ends(topic: string): Promise<number[]> {
    return insist(() => this.#readEnds(topic))
  }

  async #readEnds(topic: string): Promise<number[]> {
    const leaders = await this.#leaders(topic)
    const ends = leaders.map(() => 0)
    const led = Map.groupBy(leaders.keys(), partition => leaders[partition] ?? '')
    const ask = async ([leader, partitions]: readonly [string, readonly number[]]) => {
      for (const [partition, end] of await this.#ends(leader, topic, partitions)) ends[partition] = end
    }
    await Promise.all([...led].map(ask))
    return ends
  }

  /** Yields the records of a partition between two offsets (the end is exclusive), in order, one fetch at a time. */
  async *read(
    topic: string,
    partition: number,
    fromOffset: number,
    end: number,
  ): AsyncGenerator<readonly KafkaRecord[]> {
    for (let next = fromOffset; next < end; ) {
      const { records, nextOffset } = await insist(async () => {
        const leaders = await this.#leaders(topic)
        return this.#fetch(leaders[partition] ?? '', topic, partition, next)
      })
      next = nextOffset > next ? nextOffset : next + 1
      yield records.filter(({ offset }) => offset < end)
    }
  }

  /** Yields all records of a partition up to an end offset. */
  async *records(topic: string, partition: number, end: number): AsyncGenerator<KafkaRecord> {
    for await (const records of this.read(topic, partition, 0, end)) yield* records
  }

  async close(): Promise<void> {
    for (const connection of this.#connections.values()) (await connection.catch(() => undefined))?.close()
    this.#connections.clear()
  }

  /** The addresses of the leaders, by partition. */
  async #leaders(topic: string): Promise<string[]> {
    const answer = await this.#ask(await this.#anyBroker(), METADATA, new Writer().int32(1).text(topic))
    const addresses = new Map(
      answer.list(() => {
        const id = answer.int32()
        const address = `${answer.text()}:${answer.int32()}`
        answer.text()
        return [id, address] as const
      }),
    )
    answer.int32()
    const leaders: string[] = []
    answer.list(() => {
      check(answer.int16(), `metadata of ${answer.text()}`)
      answer.int8()
      answer.list(() => {
        const [, partition, leader] = [answer.int16(), answer.int32(), answer.int32()]
        answer.list(() => answer.int32())
        answer.list(() => answer.int32())
        leaders[partition] = addresses.get(leader) ?? ''
      })
    })
    return leaders
  }

  /** The end offsets of the partitions that a broker leads, by partition. */
  async #ends(
    leader: string,
    topic: string,
    partitions: readonly number[],
  ): Promise<readonly (readonly [number, number])[]> {
    const request = new Writer().int32(-1).int8(READ_COMMITTED).int32(1).text(topic)
    request.int32(partitions.length)
    for (const partition of partitions) request.int32(partition).int64(LATEST)
    const answer = await this.#ask(leader, LIST_OFFSETS, request)
    answer.int32()
    const [found] = answer.list(() => {
      answer.text()
      return answer.list(() => {
        const partition = answer.int32()
        check(answer.int16(), `end of ${topic}/${partition}`)
        answer.int64()
        return [partition, answer.int64()] as const
      })
    })
    return found ?? []
  }

  async #fetch(leader: string, topic: string, partition: number, offset: number) {
    const request = new Writer().int32(-1).int32(500).int32(1).int32(FETCH_BYTES).int8(READ_COMMITTED)
    request.int32(1).text(topic).int32(1).int32(partition).int64(offset).int32(FETCH_BYTES)
    const answer = await this.#ask(leader, FETCH, request)
    answer.int32()
    const [found] = answer.list(() => {
      answer.text()
      return answer.list(() => {
        answer.int32()
        check(answer.int16(), `${topic}/${partition} from ${offset}`)
        answer.take(16)
        const aborted = answer.list(() => ({ producerId: answer.int64(), firstOffset: answer.int64() }))
        return readRecords(answer.take(Math.max(0, answer.int32())), partition, offset, aborted)
      })
    })
    return found?.[0] ?? { records: [], nextOffset: offset }
  }

  async #anyBroker(): Promise<string> {
    for (const address of this.#brokers)
      try {
        await this.#connection(address)
        return address
      } catch {}
    throw new Error(`no broker answers: ${this.#brokers.join(', ')}`)
  }

  async #ask(address: string, [api, version]: readonly [number, number], body: Writer): Promise<Reader> {
    const connecting = this.#connection(address)
    try {
      return await (await connecting).ask(new Writer().int16(api).int16(version), body)
    } catch (error) {
      if (this.#connections.get(address) === connecting) this.#connections.delete(address)
      throw error
    }
  }

  #connection(address: string): Promise<Connection> {
    const known = this.#connections.get(address)
    if (known) return known
    const forget = () => {
      if (this.#connections.get(address) === connecting) this.#connections.delete(address)
    }
    const connecting = Connection.to(address, forget)
    this.#connections.set(address, connecting)
    connecting.catch(forget)
    return connecting
  }
}

/** Asks again where a broker has gone, is silent or leads no more: it comes back after its fault, and a question changes nothing. */
async function insist<T>(ask: () => Promise<T>): Promise<T> {
  for (const endAtMs = Date.now() + STARTED_MS; ; await pause(PAUSE_MS))
    try {
      return await ask()
    } catch (error) {
      const { isFinal = error instanceof RangeError } = error as { isFinal?: boolean }
      if (isFinal || Date.now() > endAtMs) throw error
    }
}

/** Codes with which a broker answers while it starts, or while a partition gets another leader. */
const PASSING = new Set([3, 5, 6, 7, 8, 9, 13, 56, 74, 75, 76, 78, 100])

function check(code: number, what: string): void {
  if (code === 0) return
  throw Object.assign(new Error(`Kafka answers with code ${code}: ${what}`), { isFinal: !PASSING.has(code) })
}

const PATIENCE_MS = 5_000

/** A connection to a broker. Responses arrive in the order of the requests. */
class Connection {
  readonly #socket: Socket
  readonly #waiting: { resolve(answer: Reader): void; reject(error: Error): void }[] = []
  #received = Buffer.alloc(0)
  #asked = 0

  private constructor(socket: Socket) {
    this.#socket = socket
    socket.on('data', bytes => this.#take(bytes))
    socket.on('error', error => this.#fail(error))
    socket.on('timeout', () => this.#waiting.length > 0 && this.#fail(new Error('the broker is silent')))
    socket.on('close', () => this.#fail(new Error('the broker has gone')))
  }

  static async to(address: string, onClose: () => void): Promise<Connection> {
    const colon = address.lastIndexOf(':')
    const socket = connect({ host: address.slice(0, colon), port: Number(address.slice(colon + 1)) })
    socket.setTimeout(PATIENCE_MS)
    await once(socket, 'connect')
    socket.once('close', onClose)
    return new Connection(socket)
  }

  ask(header: Writer, body: Writer): Promise<Reader> {
    if (this.#socket.destroyed) return Promise.reject(new Error('the broker has gone'))
    this.#asked += 1
    const request = Buffer.concat([header.int32(this.#asked).text('ledger').bytes, body.bytes])
    this.#socket.write(Buffer.concat([new Writer().int32(request.length).bytes, request]))
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }))
  }

  close(): void {
    this.#socket.destroy()
  }

  #take(bytes: Buffer): void {
    this.#received = Buffer.concat([this.#received, bytes])
    while (this.#received.length >= 4) {
      const end = 4 + this.#received.readInt32BE()
      if (this.#received.length < end) return
      // Skip the correlation id; responses are in order.
      this.#waiting.shift()?.resolve(new Reader(this.#received.subarray(8, end)))
      this.#received = this.#received.subarray(end)
    }
  }

  #fail(error: Error): void {
    this.#socket.destroy()
    for (const { reject } of this.#waiting.splice(0)) reject(error)
  }
}
