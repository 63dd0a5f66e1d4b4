/**
 * Browser sessions. A session is signed with the console's token, so it outlives a restart with the same token. The cookie does not
 * contain the token, because browsers send cookies to every port of a host.
 */
import { createHmac, randomUUID, timingSafeEqual } from 'node:crypto'

/** Duration of a session in milliseconds. Sessions are not renewed. */
export const SESSION_MS = 12 * 3_600_000

export class Sessions {
  readonly #token: string
  readonly #now: () => number
  /** Content of each session that was ended, with the time at which it would have expired, in epoch milliseconds. */
  readonly #ended = new Map<string, number>()

  constructor(token: string, now = Date.now) {
    this.#token = token
    this.#now = now
  }

  /** Starts a session and returns its cookie value. */
  begin(): string {
    const content = `${this.#now() + SESSION_MS}.${randomUUID()}`
    return `${content}.${this.#sign(content).toString('base64url')}`
  }

  /** Returns whether the text, which is untrusted, is a session that has neither expired nor been ended. */
  isValid(text: string): boolean {
    const content = this.#parse(text)
    return content !== undefined && !this.#ended.has(content)
  }

  /** Ends a session before it expires. */
  end(text: string): void {
    for (const [content, untilMs] of this.#ended) if (untilMs <= this.#now()) this.#ended.delete(content)
    const content = this.#parse(text)
    if (content !== undefined) this.#ended.set(content, parseEnd(content))
  }

  /**
   * Returns the content of a session, without the signature, which base64url can write in several ways; undefined if the text is
   * malformed, has expired or has another signature.
   */
  #parse(text: string): string | undefined {
    const [, content, signed] = /^(\d{13}\.[\da-f-]{36})\.([\w-]{43})$/.exec(text) ?? []
    if (content === undefined || signed === undefined || parseEnd(content) <= this.#now()) return undefined
    return timingSafeEqual(this.#sign(content), Buffer.from(signed, 'base64url')) ? content : undefined
  }

  #sign(content: string): Buffer {
    return createHmac('sha256', this.#token).update(`sluice console session ${content}`).digest()
  }
}

/** Returns the time at which a session with this content expires, in epoch milliseconds. */
function parseEnd(content: string): number {
  return Number.parseInt(content, 10)
}
