/** Limits the memory of a producer. */
import { setImmediate as nextTurn } from 'node:timers/promises'
import { DeliveryFailed } from './delivery-report.ts'

/** Multiple of the memory limit at which no more records are accepted. */
const REFUSED_FROM_LIMITS = 2
/** Number of bytes after which the event loop gets a turn; otherwise acknowledgements would wait for the publishing loop. */
const BYTES_PER_TURN = 256 * 1024
/** Approximate memory of a record in addition to its contents, in bytes. */
const OVERHEAD_BYTES = 200

export class MemoryLimit {
  readonly #limit: number
  #bytes = 0
  #sinceTurn = 0
  #waiting: (() => void)[] = []

  constructor(limit: number) {
    this.#limit = limit
  }

  /** Throws if the buffer is full. @throws DeliveryFailed */
  requireRoom(): void {
    if (this.#bytes < REFUSED_FROM_LIMITS * this.#limit) return
    throw new DeliveryFailed(
      'full',
      `${this.#bytes} bytes are not acknowledged yet, twice as many as bufferBytes allows: await enqueue(), or publish less at once`,
    )
  }

  /** Reserves memory for a record. @returns the number of bytes to release later */
  add(bytes: number): number {
    const reservedBytes = bytes + OVERHEAD_BYTES
    this.#bytes += reservedBytes
    this.#sinceTurn += reservedBytes
    return reservedBytes
  }

  release(bytes: number): void {
    this.#bytes -= bytes
    if (this.#bytes >= this.#limit || this.#waiting.length === 0) return
    const waiting = this.#waiting
    this.#waiting = []
    for (const go of waiting) go()
  }

  async waitForRoom(): Promise<void> {
    while (this.#bytes >= this.#limit) {
      const { promise, resolve } = Promise.withResolvers<void>()
      this.#waiting.push(resolve)
      await promise
    }
    if (this.#sinceTurn < BYTES_PER_TURN) return
    this.#sinceTurn = 0
    await nextTurn()
  }

  get isFree(): boolean {
    return this.#bytes < this.#limit && this.#sinceTurn < BYTES_PER_TURN
  }
}
