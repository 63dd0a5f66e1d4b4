/** Answers while Kafka does not respond, so that requests do not pile up during an outage. */
import { isAway, serverUnavailable } from '#runtime/operating/servers'
import type { Unavailable } from '#runtime/pipeline'
import { within } from '#runtime/waiting'
import { Cache } from './cache.ts'

/** Time for which the result of a check remains valid, in milliseconds. */
const KNOWN_FOR_MS = 5_000
/** Time limit for the check, in milliseconds. Brokers normally respond within a few milliseconds. */
const PATIENCE_MS = 5_000

interface Limits {
  readonly patienceMs?: number
  /** Address of Kafka, for messages. */
  readonly address?: string
  readonly nowMs?: () => number
}

export class KafkaMonitor {
  readonly #look: () => Promise<unknown>
  readonly #patienceMs: number
  readonly #toOutage: (error: unknown) => Unavailable
  readonly #outage: Cache<Unavailable | undefined>
  #looking: Promise<Unavailable | undefined> | undefined

  /** Creates the monitor. @param look sends a small request to the cluster; never called concurrently */
  constructor(look: () => Promise<unknown>, { patienceMs = PATIENCE_MS, address, ...clock }: Limits = {}) {
    this.#look = look
    this.#patienceMs = patienceMs
    this.#toOutage = error => serverUnavailable('kafka', error, address)
    // With a factor of 1, an outage that shows itself only at the time limit is known for as long again.
    this.#outage = new Cache({ forMs: KNOWN_FOR_MS, slowFactor: 1, ...clock })
  }

  /** Resolves if Kafka responds, and fails immediately during a known outage. @throws Unavailable */
  async check(): Promise<void> {
    const outage = await this.#outage.get('outage', () => this.#findOutage())
    if (outage) throw outage
  }

  #findOutage(): Promise<Unavailable | undefined> {
    const late = this.#toOutage(new Error(`no answer within ${this.#patienceMs / 1000} s`))
    let isLate = false
    this.#looking ??= this.#look()
      // Only outages count here. Other errors are reported by the requests themselves.
      .then(noOutage, error => (isAway(error) ? this.#toOutage(error) : undefined))
      .finally(() => {
        this.#looking = undefined
        if (isLate) this.#outage.clear()
      })
    return within(this.#patienceMs, this.#looking, () => late).catch(error => {
      isLate = true
      return error
    })
  }
}

function noOutage(): undefined {}
