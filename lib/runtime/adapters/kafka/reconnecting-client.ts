/** A client that was idle for longer is replaced: if the environment was frozen meanwhile, its connections are dead. */
const LONGEST_IDLE_MS = 2 * 60_000

/** Creates a client on first use, and a new one after a failure or a long idle time. */
export class ReconnectingClient<Client> {
  readonly #open: () => Promise<Client>
  readonly #close: (client: Client) => Promise<void>
  readonly #now: () => number
  #client: Promise<Client> | undefined
  #usedAtMs = 0

  constructor(
    open: () => Promise<Client>,
    close: (client: Client) => Promise<void>,
    now: () => number = Date.now,
  ) {
    this.#open = open
    this.#close = close
    this.#now = now
  }

  /** Rejects if `open` does; the next call then opens a new client. */
  async get(): Promise<Client> {
    const nowMs = this.#now()
    if (nowMs - this.#usedAtMs > LONGEST_IDLE_MS) await this.drop()
    this.#usedAtMs = nowMs
    this.#client ??= this.#open()
    try {
      return await this.#client
    } catch (error) {
      await this.drop()
      throw error
    }
  }

  /** Closes what is open: the next call gets another one. Never rejects. */
  async drop(): Promise<void> {
    const client = this.#client
    this.#client = undefined
    await client?.then(this.#close).catch(() => {})
  }
}
