/** Access to the console and its credentials, local and deployed. */
import { createHash, timingSafeEqual } from 'node:crypto'
import type { Person } from './person.ts'
import { newSession, sessionIn } from './sessions.ts'
import { endedHere, SignOuts } from './sign-outs.ts'

export interface Access {
  /** Undefined for an unknown token. @throws ProblemError if the tokens cannot be read */
  personWith(token: string): Promise<Person | undefined>
  /** Begins a session, whose text is for a cookie; undefined for an unknown token. @throws ProblemError like `personWith` */
  beginSession(token: string): Promise<{ readonly text: string; readonly person: Person } | undefined>
  /** Undefined if the session is over, or its token was removed. @throws ProblemError like `personWith` */
  personIn(session: string): Promise<Person | undefined>
  /** Ends a session before its time. @throws if it may last elsewhere */
  endSession(session: string): Promise<void>
  /**
   * Whether a request may ask for this host. A foreign name belongs to a page that has pointed its own name here.
   *
   * @param host the request's `Host`
   * @param url its address, with the name that the server knows by itself where it knows one
   */
  isOwnHost(host: string, url: URL): boolean
  /** The cookie that keeps the session, by the port that was asked: browsers do not separate cookies by port. */
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

/** A person named by the console's tokens. */
export interface Holder extends Person {
  readonly token: string
}

type People = Pick<Access, 'personWith' | 'beginSession' | 'personIn' | 'endSession'>

function people(holders: () => Promise<readonly Holder[]>, signOuts: SignOuts, now: () => number): People {
  const personOf = (holder: Holder | undefined) => holder && { name: holder.name, role: holder.role }
  const personWith = async (token: string) =>
    personOf((await holders()).find(one => comparison(one.token)(token)))
  const opened = async (text: string) => {
    const session = sessionIn(text, now())
    const holder = session && (await holders()).find(({ token }) => session.isOf(token))
    return holder && { session, holder }
  }
  return {
    personWith,
    async beginSession(token) {
      const person = await personWith(token)
      return person && { person, text: newSession(token, now()) }
    },
    async personIn(text) {
      const found = await opened(text)
      return found && !(await signOuts.has(found.session, found.holder.name))
        ? personOf(found.holder)
        : undefined
    },
    async endSession(text) {
      const found = await opened(text)
      if (found) await signOuts.end(found.session, found.holder.name)
    },
  }
}

/** Access to a local console: the owner of the printed address has it. @param token of the printed address */
export function localAccess(token: string, person: Person, now: () => number = Date.now): Access {
  const here = endedHere()
  const signOuts = new SignOuts(async () => here, { forMs: SIGN_OUTS_FOR_MS, now, told: () => {} })
  return {
    ...people(async () => [{ ...person, token }], signOuts, now),
    // Any port is accepted, because it may be forwarded.
    isOwnHost: host => LOOPBACK.has(host.toLowerCase().replace(/:\d+$/, '')),
    cookieFor: ({ port }) => `sluice-console-${port}`,
    takesTokenInAddress: true,
    isSecure: false,
    whereTokensAre: 'Open the address that npm start or sluice console has printed, or paste its token here.',
  }
}

/** How long the other instances of a console may not know of a session that was ended. */
export const SIGN_OUTS_FOR_MS = 60_000

/** @param holders all present holders of tokens */
export function deployedAccess(
  holders: () => Promise<readonly Holder[]>,
  signOuts: SignOuts,
  now: () => number = Date.now,
): Access {
  return {
    ...people(holders, signOuts, now),
    // The HTTP API knows its own name, which TLS has proved.
    isOwnHost: (host, url) => host === url.host,
    // Such a name keeps other hosts of the same domain from setting the cookie.
    cookieFor: () => '__Host-sluice-console',
    takesTokenInAddress: false,
    isSecure: true,
    whereTokensAre: 'Paste your token. Those who run this environment have it for you.',
  }
}

/** Compares in a time that does not depend on the token. */
function comparison(token: string): (given: string) => boolean {
  const wanted = hashOf(token)
  return given => timingSafeEqual(hashOf(given), wanted)
}

function hashOf(token: string): Buffer {
  return createHash('sha256').update(token).digest()
}
