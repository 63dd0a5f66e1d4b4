/** Authentication for the console, which has one token and one user. */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import { isLoopback } from '../../lib/support/loopback.ts'
import type { Person } from '../http/person.ts'
import { Sessions } from './sessions.ts'

export interface Access {
  /** User in whose name all requests are answered. */
  readonly person: Person
  /** True if callers need neither the token nor a session. */
  readonly isOpen: boolean
  /** Returns whether a text is the token. The comparison takes constant time. */
  isToken(text: string): boolean
  /** Sessions of browsers that have signed in with the token. */
  readonly sessions: Sessions
  /** Rules for those who read the metrics and are not signed in. */
  readonly metrics: MetricsAccess
  /**
   * Returns whether a request uses one of the console's own host names. A request with another name may be a DNS rebinding attack.
   *
   * @param host the host header of the request
   */
  isOwnHost(host: string): boolean
  /**
   * Name of the session cookie. Browsers share cookies between the ports of a host, so a console is named by its token: all its ports
   * have one session, and those of another stack have another.
   */
  readonly cookieName: string
  /**
   * Returns the host at which a browser that asks for this one signs in, because browsers share no cookies between the names of this
   * machine.
   */
  findSignInHost(host: string): string
}

export interface MetricsAccess {
  /** True if no token is needed. */
  readonly isOpen: boolean
  /** Returns whether a text is the token of the metrics. */
  isToken(text: string): boolean
}

/** Rules of servers without metrics. */
const CLOSED: MetricsAccess = { isOpen: false, isToken: () => false }

/** Host names that always refer to this machine, whatever DNS servers return. */
const LOOPBACK = new Set(['127.0.0.1', 'localhost', '[::1]'])

/**
 * Returns the access rules of a console. Its user signs in with the URL that the console prints, or with the token.
 *
 * @param token token in the printed URL
 * @param ownHosts further host names, without ports, under which the console is asked, such as that of a container
 */
export function createLocalAccess(
  token: string,
  person: Person,
  ownHosts: readonly string[] = [],
  metrics: MetricsAccess = CLOSED,
): Access {
  const hosts = new Set([...LOOPBACK, ...ownHosts.map(host => host.toLowerCase())])
  return {
    person,
    isOpen: false,
    isToken: compareWith(token),
    sessions: new Sessions(token),
    metrics,
    // Accept any port, because the console's port may be forwarded.
    isOwnHost: host => hosts.has(host.toLowerCase().replace(/:\d+$/, '')),
    cookieName: `sluice-console-${hashToken(token).toString('hex', 0, 4)}`,
    findSignInHost: host => (LOOPBACK.has(host) ? '127.0.0.1' : host),
  }
}

/**
 * Returns who may read the metrics: those who have their token. Without a token, they are open on the loopback address, as Kafka is
 * there.
 *
 * @param host address on which the console listens
 */
export function createMetricsAccess(host: string, token?: string): MetricsAccess {
  if (token === undefined) return { ...CLOSED, isOpen: isLoopback(host) }
  return { isOpen: false, isToken: compareWith(token) }
}

/** Returns the access rules of a server on the loopback address that asks for no token, as Kafka asks for none there. */
export function createOpenAccess(person: Person): Access {
  return { ...createLocalAccess(randomBytes(16).toString('hex'), person), isOpen: true }
}

/** Returns a function that compares texts with a token in constant time. */
function compareWith(token: string): (text: string) => boolean {
  const expected = hashToken(token)
  return text => timingSafeEqual(hashToken(text), expected)
}

function hashToken(token: string): Buffer {
  return createHash('sha256').update(token).digest()
}
