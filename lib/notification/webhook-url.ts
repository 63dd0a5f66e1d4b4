/** URLs of webhooks: their form, and whether a URL or a header holds a secret, which must not stand in a file. Pure. */

/** Returns an error message for what is not the URL of a webhook, without a part of it. */
export function findUrlError(url: unknown): string | undefined {
  if (typeof url !== 'string' || !/^https?:\/\/\S+$/.test(url) || !URL.canParse(url))
    return 'must be a URL such as https://host/path'
  const { username, password } = new URL(url)
  if (username === '' && password === '') return undefined
  return 'must have no user and password: put the header Authorization into the secret, under headers'
}

/** Hosts for which the path of a webhook is a secret. Anyone who has such a URL can post to it. */
const SECRET_HOSTS =
  /(^|\.)(hooks\.slack(-gov)?\.com|discord(app)?\.com|webhook\.office\.com|logic\.azure\.com|api\.powerplatform\.com|chat\.googleapis\.com|hooks\.zapier\.com|make\.com|maker\.ifttt\.com)$/

/** @param url URL without an error */
export function isSecretUrl(url: string): boolean {
  const { hostname, pathname, searchParams } = new URL(url)
  const path = pathname.replace(/%[0-9A-F]{2}/gi, '').split('/')
  return SECRET_HOSTS.test(hostname) || path.some(looksRandom) || [...searchParams].some(isSecretPair)
}

/** Ends of names such as `sig`, `x-functions-key` and `apiKey`, and words that are secrets anywhere in a name. */
const SECRET_NAME =
  /^code$|(^|[-_.])(sig|sign|key|auth|authorization|cookie|pass|passwd|pwd|hmac|jwt|sas)$|^proxy-|token|secret|password|passphrase|credential|signature|api-?key/i

/** Returns whether the name or the value of a header or a query parameter is that of a secret. */
export function isSecretPair([name, value]: readonly [name: string, value: string]): boolean {
  const words = name.replace(/([a-z])(?=[A-Z])/g, '$1-')
  return value !== '' && (SECRET_NAME.test(words) || looksRandom(value))
}

/** Returns whether letters of both cases and digits alternate in a long text as in a random one. */
function looksRandom(text: string): boolean {
  const characters = text.replace(/[^A-Za-z0-9]/g, '')
  const runs = characters.match(/[a-z]+|[A-Z]+|\d+/g) ?? []
  return characters.length >= 20 && runs.length > 0.35 * characters.length
}
