/** Access list of a deployed console: users and programs with their tokens and roles, read from a secret. */
import { array, minLength, object, picklist, pipe, regex, safeParse, string } from 'valibot'
import { Cache } from '../cache.ts'
import { ROLES } from '../http/person.ts'
import { ProblemError } from '../http/problem.ts'
import type { Holder } from './access.ts'

const HOLDERS = object({
  tokens: pipe(
    array(
      object({
        // Tokens must be long enough to resist guessing.
        token: pipe(string(), regex(/^[\w.~+/=-]{32,}$/)),
        name: pipe(string(), regex(/\S/)),
        role: picklist(ROLES),
      }),
    ),
    minLength(1),
  ),
})

const FORM =
  '{"tokens": [{"token": "…", "name": "…", "role": "viewer"}]}, with tokens of at least 32 letters, digits and -._~+/=, and with the ' +
  'role viewer or operator'

interface CachedHolders {
  /** Absent if the list could not be read. */
  readonly holders?: readonly Holder[]
  readonly readAtMs?: number
}

interface Freshness {
  /** Maximum age of the cached list, in milliseconds. */
  readonly forMs: number
  /** Returns whether an error of `read` means that the secret cannot be reached. */
  readonly isUnreachable: (error: unknown) => boolean
  readonly now?: () => number
  /**
   * Called when the list cannot be refreshed. If the secret is `invalid`, all access is revoked immediately. If it is
   * `unreachable`, the cached list remains valid for a while.
   */
  readonly reportError: (error: unknown, reason: 'unreachable' | 'invalid') => void
}

/** Time for which the cached list remains valid while the secret is unreachable, in milliseconds. */
const TOLERATED_MS = 15 * 60_000
/** Delay before the next attempt to read the list if no list is available, in milliseconds. */
const RETRY_MS = 15_000

/**
 * Returns the current access list, cached for `forMs`. A user who is removed from the secret loses access after at most that time.
 * If the secret is invalid, all requests are rejected. If it is unreachable, the cached list remains valid for 15 minutes.
 *
 * @param read reads the list from the secret; throws if the secret cannot be read
 * @returns a function that throws ProblemError if no list is available
 */
export function cacheHolders(
  read: () => Promise<readonly Holder[]>,
  { forMs, isUnreachable, now = Date.now, reportError }: Freshness,
): () => Promise<readonly Holder[]> {
  const cache = new Cache<CachedHolders>({
    forMs: ({ holders }) => (holders ? forMs : RETRY_MS),
    slowFactor: 0,
    nowMs: now,
  })
  const readAgain = async (last: CachedHolders = {}): Promise<CachedHolders> => {
    const readAtMs = now()
    try {
      return { holders: await read(), readAtMs }
    } catch (error) {
      const reason = isUnreachable(error) ? 'unreachable' : 'invalid'
      reportError(error, reason)
      return reason === 'unreachable' && readAtMs - (last.readAtMs ?? readAtMs) < TOLERATED_MS ? last : {}
    }
  }
  return async () => {
    const { holders } = await cache.get('holders', readAgain)
    if (!holders)
      throw new ProblemError(
        'unavailable',
        'The console cannot read its access list, so all requests are rejected. See its log for the reason.',
      )
    return holders
  }
}

/**
 * Parses the content of the secret.
 *
 * @throws Error that describes the expected format without quoting the secret
 */
export function parseHolders(secret: unknown): readonly Holder[] {
  const { success, output } = safeParse(HOLDERS, secret)
  if (!success) throw new Error(`The secret of the console must be ${FORM}.`)
  if (new Set(output.tokens.map(({ token }) => token)).size < output.tokens.length)
    throw new Error('The secret of the console must have a different token for each person.')
  return output.tokens
}
