/** Holders of access to a deployed console: the people and programs of a secret, each with a token and a role. */
import { array, minLength, object, picklist, pipe, regex, safeParse, string } from 'valibot'
import { ProblemError } from '../api/problem.ts'
import type { Holder } from './access.ts'
import { ROLES } from './person.ts'

const HOLDERS = object({
  tokens: pipe(
    array(
      object({
        // Long enough to resist guessing.
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

interface Freshness {
  /** How old they may be, in milliseconds. */
  readonly forMs: number
  /** Returns whether an error of `read` says that the secret cannot be reached. */
  readonly isUnreachable: (error: unknown) => boolean
  readonly now?: () => number
  /** Hears why they could not be read again, and whether the old ones still count. */
  readonly told: (error: unknown, reason: 'unreachable' | 'invalid') => void
}

/** How long holders count that could not be read again, because the secret is unreachable. */
const TOLERATED_MS = 15 * 60_000
/** How long a console without holders waits before it reads them again. */
const RETRY_MS = 15_000

/**
 * The present holders: a person who is removed from the secret is out after this time. With an unusable secret, every request is refused;
 * one that is unreachable counts for a quarter of an hour as it was.
 *
 * @param read throws where they cannot be read
 * @returns throws ProblemError where there are no holders
 */
export function freshHolders(
  read: () => Promise<readonly Holder[]>,
  { forMs, isUnreachable, now = Date.now, told }: Freshness,
): () => Promise<readonly Holder[]> {
  let known: { readonly holders: readonly Holder[]; readonly atMs: number } | undefined
  let triedAtMs = Number.NEGATIVE_INFINITY
  const readAgain = async () => {
    triedAtMs = now()
    try {
      known = { holders: await read(), atMs: triedAtMs }
    } catch (error) {
      const reason = isUnreachable(error) ? 'unreachable' : 'invalid'
      if (known && (reason === 'invalid' || now() - known.atMs >= TOLERATED_MS)) known = undefined
      told(error, reason)
    }
  }
  let reading: Promise<void> | undefined
  return async () => {
    if (now() - triedAtMs >= (known ? forMs : RETRY_MS))
      reading ??= readAgain().finally(() => {
        reading = undefined
      })
    await reading
    if (!known)
      throw new ProblemError(
        'unavailable',
        'The console cannot read its list of holders, so access is refused. Its log has the reason.',
      )
    return known.holders
  }
}

/**
 * The content of the secret.
 *
 * @throws Error that says what the secret must be, without its content
 */
export function holdersIn(secret: unknown): readonly Holder[] {
  const { success, output } = safeParse(HOLDERS, secret)
  if (!success) throw new Error(`The secret of the console must be ${FORM}.`)
  if (new Set(output.tokens.map(({ token }) => token)).size < output.tokens.length)
    throw new Error('The secret of the console must have another token for each person.')
  return output.tokens
}
