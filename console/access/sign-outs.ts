/** Sessions that users have ended by signing out. Each is stored until it would have expired. */
import type { Value } from '#runtime/lambda/connections.ts'
import { Cache } from '../cache.ts'
import type { Session } from './sessions.ts'

/** Time at which each ended session would have expired, in epoch milliseconds, by user and session id. */
export type SessionEnds = Readonly<Record<string, Readonly<Record<string, number>>>>

/** Maximum number of ended sessions per user, so that repeated sign-outs cannot fill the store. */
const MAX_OF_ONE = 100

/** Store of ended sessions. */
export type EndedSessions = Pick<Value<SessionEnds>, 'read' | 'update'>

/** Returns a store that keeps ended sessions in the memory of this process. */
export function createMemoryStore(): EndedSessions {
  let ended: SessionEnds | undefined
  return {
    read: async () => ended,
    update: async change => {
      ended = change(ended)
      return ended
    },
  }
}

interface SignOutOptions {
  /** Time for which the ended sessions are cached, in milliseconds. */
  readonly forMs: number
  readonly now?: () => number
  /** Called when the store cannot be read. Until it can be read again, only the cached sessions count as ended. */
  readonly reportError: (error: unknown) => void
}

export class SignOuts {
  readonly #openStore: () => Promise<EndedSessions>
  readonly #options: Required<SignOutOptions>
  #endedSessions: SessionEnds = {}
  readonly #reading: Cache<void>

  constructor(openStore: () => Promise<EndedSessions>, options: SignOutOptions) {
    this.#openStore = openStore
    this.#options = { now: Date.now, ...options }
    const { forMs, now } = this.#options
    this.#reading = new Cache({ forMs, slowFactor: 0, nowMs: now })
  }

  /** Ends a session. @throws if the end cannot be stored, so that other instances still accept the session */
  async end(session: Session, person: string): Promise<void> {
    const nowMs = this.#options.now()
    const add = (ended: SessionEnds = {}) =>
      dropExpired(mergeSessionEnds(ended, { [person]: { [session.id]: session.untilMs } }), nowMs)
    this.#endedSessions = add(this.#endedSessions)
    const store = await this.#openStore()
    await store.update(add)
  }

  async has({ id }: Session, person: string): Promise<boolean> {
    await this.#reading.get('sign-outs', () => this.#read())
    return Object.hasOwn(this.#endedSessions[person] ?? {}, id)
  }

  async #read(): Promise<void> {
    const { now, reportError } = this.#options
    try {
      const storedSessions = await (await this.#openStore()).read()
      this.#endedSessions = dropExpired(mergeSessionEnds(this.#endedSessions, storedSessions ?? {}), now())
    } catch (error) {
      reportError(error)
    }
  }
}

function mergeSessionEnds(some: SessionEnds, others: SessionEnds): SessionEnds {
  const people = new Set([...Object.keys(some), ...Object.keys(others)])
  return Object.fromEntries([...people].map(person => [person, { ...some[person], ...others[person] }]))
}

/** Removes sessions that have expired. */
function dropExpired(ended: SessionEnds, nowMs: number): SessionEnds {
  const ofPeople = Object.entries(ended).map(([person, sessions]) => {
    const newest = Object.entries(sessions)
      .filter(([, untilMs]) => untilMs > nowMs)
      .sort(([, a], [, b]) => b - a)
      .slice(0, MAX_OF_ONE)
    return [person, Object.fromEntries(newest)] as const
  })
  return Object.fromEntries(ofPeople.filter(([, sessions]) => Object.keys(sessions).length > 0))
}
