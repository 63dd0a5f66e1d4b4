/** Sends odd records beside the ledger: events, what nearly is one, and what is not. The ledger only counts these records. */
import { setTimeout as pause } from 'node:timers/promises'
import { ForeignClient } from '@sluice/test-kit/foreign-client'
import fc from 'fast-check'
import { record } from '#runtime/test/support/arbitrary-records'

const RECORDS_AT_ONCE = 20
const EVERY_MS = 200

const odd = fc.tuple(fc.option(fc.uint8Array({ maxLength: 40 }).map(Buffer.from)), record)

interface Setting {
  readonly brokers: readonly string[]
  readonly topic: string
  readonly seed: number
}

export class Noise {
  /** The acknowledged records, as `partition/offset`. */
  readonly acknowledged = new Set<string>()
  #isOver = false
  readonly #ended: Promise<void>

  constructor(setting: Setting) {
    this.#ended = this.#send(setting)
    // Errors are reported when the end is awaited.
    this.#ended.catch(() => {})
  }

  /** Stops the producer and waits for its end. Rejects if it has failed. */
  async end(): Promise<void> {
    this.#isOver = true
    await this.#ended
  }

  async #send({ brokers, topic, seed }: Setting): Promise<void> {
    const client = await ForeignClient.connect(brokers)
    try {
      const partitions = (await client.ends(topic)).length
      for (let round = 0; !this.#isOver; round += 1) {
        const partition = round % partitions
        const messages = fc
          .sample(odd, { numRuns: RECORDS_AT_ONCE, seed: seed + round })
          .map(([key, { headers, value }]) => ({ partition, key, value, headers: grouped(headers) }))
        // While a broker is away, it is unknown which records are in the log.
        const [answer] = await client.send(topic, messages).catch(() => [])
        for (const at of answer ? messages.keys() : [])
          this.acknowledged.add(`${partition}/${Number(answer?.baseOffset) + at}`)
        await pause(EVERY_MS)
      }
    } finally {
      await client.close()
    }
  }
}

function grouped(headers: readonly (readonly [name: string, value: Buffer])[]): Record<string, Buffer[]> {
  const names = Map.groupBy(headers, ([name]) => name)
  return Object.fromEntries([...names].map(([name, own]) => [name, own.map(([, value]) => value)]))
}
