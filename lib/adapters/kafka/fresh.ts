/** A client that was idle for longer is made anew: an environment that was frozen meanwhile finds its connections dead. */
const LONGEST_IDLE_MS = 2 * 60_000

/** A client that is made when it is first asked for, and anew after a failure or a long time without use. */
export class Fresh<Client> {
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

  /** Rejects as `open` does, and then begins anew with the next call. */
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
