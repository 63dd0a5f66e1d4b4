/** Watches whether Kafka answers at all, so that questions do not pile up behind brokers that are away. */
import { setTimeout as pause } from 'node:timers/promises'
import { isAway } from '../packages/runtime/adapters/kafka/availability.ts'
import { Unavailable } from '../packages/runtime/pipeline/errors.ts'

/** How long what is known counts. */
const KNOWN_FOR_MS = 5_000
/** How long a question waits to learn it: healthy brokers answer in milliseconds. */
const PATIENCE_MS = 5_000

interface Clock {
  readonly now: () => number
  readonly wait: (ms: number, signal: AbortSignal) => Promise<void>
}

const CLOCK: Clock = {
  now: () => performance.now(),
  wait: (ms, signal) => pause(ms, undefined, { signal, ref: false }).catch(() => {}),
}

export class KafkaReach {
  readonly #look: () => Promise<unknown>
  readonly #clock: Clock
  #known: { readonly error: Unavailable | undefined; readonly atMs: number } | undefined
  #looking: Promise<void> | undefined

  /** @param look asks the cluster something small; one look at a time */
  constructor(look: () => Promise<unknown>, clock = CLOCK) {
    this.#look = look
    this.#clock = clock
  }

  /** Resolves where Kafka answers. Questions are refused at once while it is known to be away. @throws Unavailable */
  async check(): Promise<void> {
    const { now } = this.#clock
    if (!this.#known || now() - this.#known.atMs >= KNOWN_FOR_MS) await this.#learn()
    if (this.#known?.error) throw this.#known.error
  }

  async #learn(): Promise<void> {
    this.#looking ??= this.#lookOnce().finally(() => {
      this.#looking = undefined
    })
    const over = new AbortController()
    const late = this.#clock
      .wait(PATIENCE_MS, over.signal)
      .then(() => over.signal.aborted || this.#note(away(`there was no answer for ${PATIENCE_MS / 1000} s`)))
    await Promise.race([this.#looking, late])
    over.abort()
  }

  async #lookOnce(): Promise<void> {
    try {
      await this.#look()
      this.#note(undefined)
    } catch (error) {
      // What else goes wrong is for the question itself to say.
      this.#note(isAway(error) ? away((error as Error).message) : undefined)
    }
  }

  #note(error: Unavailable | undefined): void {
    this.#known = { error, atMs: this.#clock.now() }
  }
}

function away(why: string): Unavailable {
  return new Unavailable('broker-unavailable', `Kafka does not answer: ${why}`)
}
