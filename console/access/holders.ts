/** Who may use a deployed console: the people and programs that a secret names, each with a token and a role. */
import { array, minLength, object, picklist, pipe, regex, safeParse, string } from 'valibot'
import type { Holder } from './access.ts'
import { ROLES } from './person.ts'

const HOLDERS = object({
  tokens: pipe(
    array(
      object({
        // Long enough that nobody finds it by trying.
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
  readonly now?: () => number
  /** Hears why they could not be read again; the old ones go on. */
  readonly told: (error: unknown) => void
}

/**
 * The holders as they are now: whoever was taken out of the secret is out after this time.
 *
 * @param read throws where they cannot be read; so does the first call then
 */
export function freshHolders(
  read: () => Promise<readonly Holder[]>,
  { forMs, now = Date.now, told }: Freshness,
): () => Promise<readonly Holder[]> {
  let known: { readonly holders: readonly Holder[]; readonly atMs: number } | undefined
  return async () => {
    if (known && now() - known.atMs < forMs) return known.holders
    try {
      known = { holders: await read(), atMs: now() }
    } catch (error) {
      if (!known) throw error
      told(error)
      known = { ...known, atMs: now() }
    }
    return known.holders
  }
}

/**
 * The content of the secret.
 *
 * @throws Error that says what it must be, and nothing of what it is
 */
export function holdersIn(secret: unknown): readonly Holder[] {
  const { success, output } = safeParse(HOLDERS, secret)
  if (!success) throw new Error(`The secret of the console must be ${FORM}.`)
  if (new Set(output.tokens.map(({ token }) => token)).size < output.tokens.length)
    throw new Error('The secret of the console must have another token for each person.')
  return output.tokens
}
