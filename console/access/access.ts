/** Who may come in, and how they show it: on this machine, and where the console is deployed. */
import { createHash, timingSafeEqual } from 'node:crypto'
import type { Person } from './person.ts'

export interface Access {
  /** Undefined if nobody has this token. @throws if the tokens cannot be read */
  personWith(token: string): Promise<Person | undefined>
  /**
   * Whether a request may ask for this host. One under a foreign name comes from a page whose own name was made to lead here.
   *
   * @param host the request's `Host`
   * @param url its address, with the name that the server knows by itself where it knows one
   */
  isOwnHost(host: string, url: URL): boolean
  /** The cookie that keeps the token, by the port that was asked: browsers do not tell cookies of ports apart. */
  cookieFor(url: URL): string
  /** Whether the address may hold the token. Where logs on the way keep addresses, it must not. */
  readonly takesTokenInAddress: boolean
  /** Whether browsers reach it by HTTPS alone. */
  readonly isSecure: boolean
  /** Where a person finds a token, in a sentence for the sign-in page. */
  readonly whereTokensAre: string
}

/** The names of this machine, which no name server has a say in. */
const LOOPBACK = new Set(['127.0.0.1', 'localhost', '[::1]'])

/** On this machine, who has the printed address is this person. @param token of the printed address */
export function localAccess(token: string, person: Person): Access {
  const isToken = comparison(token)
  return {
    personWith: async given => (isToken(given) ? person : undefined),
    // Of any port: it may be forwarded.
    isOwnHost: host => LOOPBACK.has(host.toLowerCase().replace(/:\d+$/, '')),
    cookieFor: ({ port }) => `sluice-console-${port}`,
    takesTokenInAddress: true,
    isSecure: false,
    whereTokensAre: 'Open the address that npm start or sluice console has printed, or paste its token here.',
  }
}

/** Somebody whom the tokens of a deployed console name. */
export interface Holder extends Person {
  readonly token: string
}

/** @param holders all who may come in, as they are now */
export function deployedAccess(holders: () => Promise<readonly Holder[]>): Access {
  return {
    async personWith(given) {
      const holder = (await holders()).find(({ token }) => comparison(token)(given))
      return holder && { name: holder.name, role: holder.role }
    },
    // The HTTP API knows its own name, which TLS has proved.
    isOwnHost: (host, url) => host === url.host,
    // Such a name keeps other hosts of the same domain from setting the cookie.
    cookieFor: () => '__Host-sluice-console',
    takesTokenInAddress: false,
    isSecure: true,
    whereTokensAre: 'Paste your token. Those who run this environment have it for you.',
  }
}

/** Compares in a time that says nothing of the token. */
function comparison(token: string): (given: string) => boolean {
  const wanted = hashOf(token)
  return given => timingSafeEqual(hashOf(given), wanted)
}

function hashOf(token: string): Buffer {
  return createHash('sha256').update(token).digest()
}
