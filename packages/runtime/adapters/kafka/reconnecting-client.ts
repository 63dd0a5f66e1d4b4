import { Unavailable } from '../../pipeline/errors.ts'

/**
 * Idle time after which a client is replaced, in milliseconds. The execution environment may have been frozen in the meantime,
 * which breaks the client's connections.
 */
const MAX_IDLE_MS = 2 * 60_000

interface Opened<Client> {
  readonly client: Promise<Client>
  readonly uses: Set<Promise<unknown>>
}

/**
 * Creates a client on first use, and a new client after a failure or a long idle time. A client is closed again after its last use
 * has ended. A request on a closed client makes the library reconnect, and the new connection would otherwise stay open.
 */
export class ReconnectingClient<Client> {
  readonly #open: () => Promise<Client>
  readonly #close: (client: Client) => Promise<void>
  readonly #now: () => number
  readonly #closing = new Set<Promise<void>>()
  #opened: Opened<Client> | undefined
  #usedAtMs = 0
  #last: Promise<unknown> = Promise.resolve()
  #isClosed = false

  constructor(
    open: () => Promise<Client>,
    close: (client: Client) => Promise<void>,
    now: () => number = Date.now,
  ) {
    this.#open = open
    this.#close = close
    this.#now = now
  }

  /**
   * Runs work with the client. If the work fails, the client is kept. Call `drop` if the client may be broken.
   *
   * @throws errors of opening the client and of `work`; Unavailable after `close`
   */
  async use<T>(work: (client: Client) => Promise<T>): Promise<T> {
    if (this.#isIdleForTooLong()) await this.drop()
    if (this.#isClosed) throw new Unavailable('broker-unavailable', 'the connection to Kafka was closed')
    this.#opened ??= { client: this.#open(), uses: new Set() }
    const { client, uses } = this.#opened
    const used = this.#runWork(client, work)
    uses.add(used)
    try {
      return await used
    } finally {
      uses.delete(used)
      this.#usedAtMs = this.#now()
    }
  }

  /**
   * Runs work after all earlier calls of this method have ended, and drops the client if an attempt fails. No other work may use
   * the client at the same time.
   *
   * @param repeat function that runs an attempt and decides whether to repeat it; by default, there is one attempt
   */
  inTurn<T>(
    work: (client: Client) => Promise<T>,
    repeat: (attempt: () => Promise<T>) => Promise<T> = attempt => attempt(),
  ): Promise<T> {
    const attempt = async () => {
      try {
        return await this.use(work)
      } catch (error) {
        await this.drop()
        throw error
      }
    }
    const result = this.#last.then(() => repeat(attempt))
    this.#last = result.catch(() => {})
    return result
  }

  /** Closes the open client; the next use creates another one. Never rejects. */
  async drop(): Promise<void> {
    const opened = this.#opened
    this.#opened = undefined
    if (!opened) return
    const closed = this.#closeClient(opened.client)
    if (opened.uses.size > 0) {
      const closedAgain = Promise.allSettled(opened.uses)
        .then(() => this.#closeClient(opened.client))
        .finally(() => this.#closing.delete(closedAgain))
      this.#closing.add(closedAgain)
    }
    await closed
  }

  /** Closes permanently, after the work in progress has ended. Never rejects. */
  async close(): Promise<void> {
    this.#isClosed = true
    await this.drop()
    await Promise.all(this.#closing)
  }

  #isIdleForTooLong(): boolean {
    return this.#opened?.uses.size === 0 && this.#now() - this.#usedAtMs > MAX_IDLE_MS
  }

  async #runWork<T>(opening: Promise<Client>, work: (client: Client) => Promise<T>): Promise<T> {
    let client: Client
    try {
      client = await opening
    } catch (error) {
      if (this.#opened?.client === opening) await this.drop()
      throw error
    }
    return work(client)
  }

  #closeClient(client: Promise<Client>): Promise<void> {
    return client.then(this.#close).catch(() => {})
  }
}
