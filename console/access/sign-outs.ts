/** Sessions that people have ended by signing out: they are remembered until they would have ended by themselves. */
import type { Value } from '../../lib/runtime/lambda/connections.ts'
import type { Session } from './sessions.ts'

/** When each would have ended, by person and id. */
type Ended = Readonly<Record<string, Readonly<Record<string, number>>>>

/** Kept of one person, the newest: nobody can fill the store by signing in and out. */
const MOST_OF_ONE = 100

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
  async end(session: Session, person: string): Promise<void> {
    const nowMs = this.#options.now()
    const add = (ended: Ended = {}) =>
      lasting(together(ended, { [person]: { [session.id]: session.untilMs } }), nowMs)
    this.#known = add(this.#known)
    const kept = await this.#kept()
    await kept.update(add)
  }

  async has({ id }: Session, person: string): Promise<boolean> {
    const { now, forMs } = this.#options
    if (now() - this.#readAtMs >= forMs)
      this.#reading ??= this.#read().finally(() => {
        this.#reading = undefined
      })
    await this.#reading
    return Object.hasOwn(this.#known[person] ?? {}, id)
  }

  async #read(): Promise<void> {
    const { now, told } = this.#options
    try {
      const kept = await (await this.#kept()).read()
      this.#known = lasting(together(this.#known, kept ?? {}), now())
    } catch (error) {
      told(error)
    }
    this.#readAtMs = now()
  }
}

function together(some: Ended, others: Ended): Ended {
  const people = new Set([...Object.keys(some), ...Object.keys(others)])
  return Object.fromEntries([...people].map(person => [person, { ...some[person], ...others[person] }]))
}

/** Those that would still last. */
function lasting(ended: Ended, nowMs: number): Ended {
  const ofPeople = Object.entries(ended).map(([person, sessions]) => {
    const newest = Object.entries(sessions)
      .filter(([, untilMs]) => untilMs > nowMs)
      .sort(([, a], [, b]) => b - a)
      .slice(0, MOST_OF_ONE)
    return [person, Object.fromEntries(newest)] as const
  })
  return Object.fromEntries(ofPeople.filter(([, sessions]) => Object.keys(sessions).length > 0))
}
