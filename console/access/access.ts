/** Authentication for the local and the deployed console. */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import type { Person } from '../http/person.ts'
import { createSession, parseSession } from './sessions.ts'
import { createMemoryStore, SignOuts } from './sign-outs.ts'

export interface Access {
  /**
   * Returns the user or program that has a token; undefined for an unknown token.
   *
   * @throws ProblemError if the tokens cannot be read
   */
  findPersonByToken(token: string): Promise<Person | undefined>
  /**
   * Starts a session and returns its cookie value; undefined for an unknown token.
   *
   * @throws ProblemError if the tokens cannot be read
   */
  beginSession(token: string): Promise<{ readonly text: string; readonly person: Person } | undefined>
  /**
   * Returns the user of a session; undefined if the session has expired or its token was removed.
   *
   * @throws ProblemError if the tokens cannot be read
   */
  findPersonBySession(session: string): Promise<Person | undefined>
  /** Ends a session before it expires. @throws if the end cannot be stored, so that other instances may still accept the session */
  endSession(session: string): Promise<void>
  /**
   * Returns whether a request uses one of the console's own host names. A request with another name may be a DNS rebinding attack.
   *
   * @param host the host header of the request
   * @param url URL of the request. It contains the server's own host name if the server knows that name.
   */
  isOwnHost(host: string, url: URL): boolean
  /**
   * Name of the session cookie. Browsers share cookies between the ports of a host, so a local console is named by its token: all its
   * ports have one session, and those of another stack have another.
   */
  readonly cookieName: string
  /**
   * Returns the host at which a browser that asks for this one signs in, because browsers share no cookies between the names of this
   * machine; absent for a console with one name.
   */
  findSignInHost?(host: string): string
  /** Caller without a token or a session; absent if all callers must sign in. */
  readonly visitor?: Person
  /** True if the URL may contain the token. Must be false if a proxy or gateway in front of the console logs URLs. */
  readonly takesTokenInAddress: boolean
  /** True if the console is served over HTTPS only. */
  readonly isSecure: boolean
  /** Sentence on the sign-in page that explains where to find a token. */
  readonly whereTokensAre: string
}

/** Host names that always refer to this machine, whatever DNS servers return. */
const LOOPBACK = new Set(['127.0.0.1', 'localhost', '[::1]'])

/** A person or program with an access token. */
export interface Holder extends Person {
  readonly token: string
}

type People = Pick<Access, 'findPersonByToken' | 'beginSession' | 'findPersonBySession' | 'endSession'>

function createPeople(
  holders: () => Promise<readonly Holder[]>,
  signOuts: SignOuts,
  now: () => number,
): People {
  const toPerson = (holder: Holder | undefined) => holder && { name: holder.name, role: holder.role }
  const findPersonByToken = async (token: string) =>
    toPerson((await holders()).find(holder => createTokenMatcher(holder.token)(token)))
  const findSession = async (text: string) => {
    const session = parseSession(text, now())
    const holder = session && (await holders()).find(({ token }) => session.isSignedWith(token))
    return holder && { session, holder }
  }
  return {
    findPersonByToken,
    async beginSession(token) {
      const person = await findPersonByToken(token)
      return person && { person, text: createSession(token, now()) }
    },
    async findPersonBySession(text) {
      const match = await findSession(text)
      return match && !(await signOuts.has(match.session, match.holder.name))
        ? toPerson(match.holder)
        : undefined
    },
    async endSession(text) {
      const match = await findSession(text)
      if (match) await signOuts.end(match.session, match.holder.name)
    },
  }
}

/**
 * Returns the access rules of a local console. Its only user signs in with the URL that the console prints.
 *
 * @param token token in the printed URL
 * @param ownHosts further host names, without ports, under which the console is asked, such as that of a container
 */
export function createLocalAccess(token: string, person: Person, ownHosts: readonly string[] = []): Access {
  const hosts = new Set([...LOOPBACK, ...ownHosts.map(host => host.toLowerCase())])
  const here = createMemoryStore()
  const signOuts = new SignOuts(async () => here, {
    forMs: SIGN_OUTS_FOR_MS,
    now: Date.now,
    reportError: () => {},
  })
  return {
    ...createPeople(async () => [{ ...person, token }], signOuts, Date.now),
    // Accept any port, because the console's port may be forwarded.
    isOwnHost: host => hosts.has(host.toLowerCase().replace(/:\d+$/, '')),
    cookieName: `sluice-console-${hashToken(token).toString('hex', 0, 4)}`,
    findSignInHost: host => (LOOPBACK.has(host) ? '127.0.0.1' : host),
    takesTokenInAddress: true,
    isSecure: false,
    whereTokensAre: 'Open the URL that npm start or sluice console printed, or paste its token here.',
  }
}

/** Returns the access rules of a server on the loopback address that asks for no token, as Kafka asks for none there. */
export function createOpenAccess(visitor: Person): Access {
  return { ...createLocalAccess(randomBytes(16).toString('hex'), visitor), visitor }
}

/** Maximum time until all instances of the console reject a session that a user has ended, in milliseconds. */
export const SIGN_OUTS_FOR_MS = 60_000

/** Returns the access rules of a deployed console. @param holders returns the current users and programs with their tokens */
export function createDeployedAccess(
  holders: () => Promise<readonly Holder[]>,
  signOuts: SignOuts,
  now: () => number = Date.now,
): Access {
  return {
    ...createPeople(holders, signOuts, now),
    // The URL contains the HTTP API's own host name, which the client has verified by TLS.
    isOwnHost: (host, url) => host === url.host,
    // The `__Host-` prefix prevents other hosts of the same domain from setting the cookie.
    cookieName: '__Host-sluice-console',
    takesTokenInAddress: false,
    isSecure: true,
    whereTokensAre: 'Paste your token. The operators of this environment issue tokens.',
  }
}

/** Returns a function that compares a text with the token in constant time. */
function createTokenMatcher(token: string): (candidate: string) => boolean {
  const expectedHash = hashToken(token)
  return candidate => timingSafeEqual(hashToken(candidate), expectedHash)
}

function hashToken(token: string): Buffer {
  return createHash('sha256').update(token).digest()
}
