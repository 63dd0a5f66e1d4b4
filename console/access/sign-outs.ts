/** Sessions that people have ended by signing out: they are remembered until they would have ended by themselves. */
import type { Value } from '../../lib/runtime/lambda/connections.ts'
import type { Session } from './sessions.ts'

/** When each would have ended, by id. */
type Ended = Readonly<Record<string, number>>

/** Where they are kept. */
export type EndedSessions = Pick<Value<Ended>, 'read' | 'update'>

/** In the memory of this process. */
export function endedHere(): EndedSessions {
  let ended: Ended | undefined
  return {
    read: async () => ended,
    update: async change => {
      ended = change(ended)
      return ended
    },
  }
}

interface SignOutOptions {
  /** How long other instances may not know of one, in milliseconds. */
  readonly forMs: number
  readonly now?: () => number
  /** Hears why they cannot be read: meanwhile, only those that are known count. */
  readonly told: (error: unknown) => void
}

export class SignOuts {
  readonly #kept: () => Promise<EndedSessions>
  readonly #options: Required<SignOutOptions>
  #known: Ended = {}
  #readAtMs = Number.NEGATIVE_INFINITY
  #reading: Promise<void> | undefined

  constructor(kept: () => Promise<EndedSessions>, options: SignOutOptions) {
    this.#kept = kept
    this.#options = { now: Date.now, ...options }
  }

  /** @throws if it cannot be kept: the session then lasts elsewhere */
  async end({ id, untilMs }: Session): Promise<void> {
    this.#known = { ...this.#known, [id]: untilMs }
    const nowMs = this.#options.now()
    const add = (ended: Ended = {}) => ({ ...lasting(ended, nowMs), [id]: untilMs })
    this.#known = { ...this.#known, ...(await (await this.#kept()).update(add)) }
  }

  async has({ id }: Session): Promise<boolean> {
    const { now, forMs } = this.#options
    if (now() - this.#readAtMs >= forMs)
      this.#reading ??= this.#read().finally(() => {
        this.#reading = undefined
      })
    await this.#reading
    return Object.hasOwn(this.#known, id)
  }

  async #read(): Promise<void> {
    const { now, told } = this.#options
    try {
      const kept = await (await this.#kept()).read()
      this.#known = lasting({ ...this.#known, ...kept }, now())
    } catch (error) {
      told(error)
    }
    this.#readAtMs = now()
  }
}

function lasting(ended: Ended, nowMs: number): Ended {
  return Object.fromEntries(Object.entries(ended).filter(([, untilMs]) => untilMs > nowMs))
}
