/** Brokers for testing a producer. They store all requests, and respond when and how the test specifies. */
import type { BatchAnswer, Brokers, SendRequest } from '../../adapters/kafka/producer-ports.ts'
import type { Clock } from '../../adapters/system.ts'

/** Request of the producer that waits for its response. */
export interface WaitingRequest {
  readonly request: SendRequest
  readonly batches: readonly SentBatch[]
  /** Confirms all batches. Their offsets begin at `baseOffset`. */
  acknowledge(baseOffset?: number): void
  /** Responds with an error for all batches. */
  refuse(errorCode: number): void
  /** Drops the response. */
  lose(): void
}

/** Header fields of a record batch. */
interface SentBatch {
  readonly partition: number
  readonly count: number
  readonly producerId: number
  readonly producerEpoch: number
  readonly firstSequence: number
}

/** Error with which the client library reports a closed connection. */
export class ConnectionClosed extends Error {
  override readonly name = 'KafkaJSConnectionClosedError'
  readonly retriable = true
}

export class ScriptedBrokers implements Brokers {
  readonly sent: WaitingRequest[] = []
  readonly said: string[] = []
  /** True to confirm all requests immediately. Offsets increase with each batch. */
  isAnswering = false
  loadError: Error | undefined
  /** Errors for the next requests for a producer id, in order. */
  readonly identifyErrors: Error[] = []
  /** Number of partitions of the topic. The producer notices a change at its next lookup. */
  partitions: number
  /** Leaders by partition; a negative leader means that the partition has none. */
  readonly leaders = new Map<number, number>()
  #offset = 0

  constructor(partitions: number) {
    this.partitions = partitions
    this.#lookUp()
  }

  async load(): Promise<void> {
    if (this.loadError) throw this.loadError
  }

  async refresh(): Promise<void> {
    this.said.push('refresh')
    this.#lookUp()
  }

  getLeaders(): ReadonlyMap<number, number> {
    return this.leaders
  }

  send(_leader: number, request: SendRequest): Promise<readonly BatchAnswer[]> {
    const { promise, resolve, reject } = Promise.withResolvers<readonly BatchAnswer[]>()
    const answer = (errorCode: number, baseOffset: number) =>
      resolve(request.batches.map(({ topic, partition }) => ({ topic, partition, errorCode, baseOffset })))
    const batches = request.batches.map(sentBatch)
    this.sent.push({
      request,
      batches,
      acknowledge: (baseOffset = 0) => answer(0, baseOffset),
      refuse: errorCode => answer(errorCode, -1),
      lose: () => reject(new ConnectionClosed('Closed connection')),
    })
    request.onSent?.()
    if (this.isAnswering) {
      answer(0, this.#offset)
      this.#offset += Math.max(...batches.map(({ count }) => count))
    }
    return promise
  }

  async identify() {
    const error = this.identifyErrors.shift()
    if (error) throw error
    this.said.push('identify')
    return { producerId: '7', producerEpoch: 0 }
  }

  async close() {
    this.said.push('close')
  }

  #lookUp(): void {
    for (let partition = this.leaders.size; partition < this.partitions; partition++)
      this.leaders.set(partition, 1)
  }
}

function sentBatch({ partition, bytes }: { readonly partition: number; readonly bytes: Buffer }): SentBatch {
  return {
    partition,
    count: bytes.readInt32BE(57),
    producerId: Number(bytes.readBigInt64BE(43)),
    producerEpoch: bytes.readInt16BE(51),
    firstSequence: bytes.readInt32BE(53),
  }
}

/** Clock that only tests advance. */
export class ManualClock implements Clock {
  #nowMs = 0
  #timers: { readonly atMs: number; readonly call: () => void }[] = []

  nowMs(): number {
    return this.#nowMs
  }

  epochMs(): number {
    return Date.UTC(2026, 0, 1) + this.#nowMs
  }

  after(ms: number, call: () => void): () => void {
    const timer = { atMs: this.#nowMs + ms, call }
    this.#timers.push(timer)
    return () => {
      this.#timers = this.#timers.filter(value => value !== timer)
    }
  }

  /** Advances the time, and waits until all resulting work is done. */
  async pass(ms: number): Promise<void> {
    const untilMs = this.#nowMs + ms
    await settled()
    for (;;) {
      const next = this.#timers.filter(({ atMs }) => atMs <= untilMs).toSorted((a, b) => a.atMs - b.atMs)[0]
      if (!next) break
      this.#timers = this.#timers.filter(timer => timer !== next)
      this.#nowMs = Math.max(this.#nowMs, next.atMs)
      next.call()
      await settled()
    }
    this.#nowMs = untilMs
  }
}

/** Waits until all work is done that does not depend on external events. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await new Promise(resolve => setImmediate(resolve))
}
