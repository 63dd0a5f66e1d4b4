import type { PartitionRecords } from '../support/partition-records.ts'

/** Duration after which an invocation without a response is reported, in milliseconds. */
const SLOW_AFTER_MS = 20_000
const CHECK_EVERY_MS = 1_000

interface Running {
  readonly parts: readonly PartitionRecords[]
  readonly sinceMs: number
  isReported: boolean
}

interface SlowInvocations {
  reportRunning(parts: readonly PartitionRecords[], forMs: number): void
  reportReturn(parts: readonly PartitionRecords[]): void
}

/** Running invocations. A slow invocation is reported once while it runs, and once more when it ends. */
export class RunningInvocations {
  readonly #running = new Set<Running>()
  readonly #slow: SlowInvocations
  #timer: NodeJS.Timeout | undefined

  constructor(slow: SlowInvocations) {
    this.#slow = slow
  }

  /** Registers an invocation. The caller must call the returned function when the invocation ends. */
  begin(parts: readonly PartitionRecords[]): () => void {
    const invocation = { parts, sinceMs: Date.now(), isReported: false }
    this.#running.add(invocation)
    this.#timer ??= setInterval(() => this.#check(Date.now()), CHECK_EVERY_MS).unref()
    return () => {
      this.#running.delete(invocation)
      if (invocation.isReported) this.#slow.reportReturn(parts)
    }
  }

  /** Records that handlers are processing at the moment. */
  get parts(): readonly PartitionRecords[] {
    return [...this.#running].flatMap(({ parts }) => parts)
  }

  close(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
  }

  #check(nowMs: number): void {
    for (const invocation of this.#running) {
      if (invocation.isReported || nowMs - invocation.sinceMs < SLOW_AFTER_MS) continue
      invocation.isReported = true
      this.#slow.reportRunning(invocation.parts, SLOW_AFTER_MS)
    }
  }
}
