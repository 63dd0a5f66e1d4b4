/** URLs of webhooks: their form, and secrets in them, which must not stand in a file. Pure. */

/** Returns an error message for a text that is not the URL of a webhook, without a part of it. */
export function findUrlError(url: string): string | undefined {
  const parsed = /^https?:\/\/\S+$/.test(url) ? URL.parse(url) : null
  if (parsed === null) return 'must be a URL such as https://host/path'
  if (parsed.username + parsed.password === '') return undefined
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

/** Last words of names that are secrets, such as "sig" and "key", and words that are secrets anywhere in a name. */
const SECRET_NAME =
  /^code$|(^|[-_.])(sig|sign|key|auth|authorization|cookie|pass|passwd|pwd|hmac|jwt|sas)$|^proxy-|token|secret|password|passphrase|credential|signature|api-?key/i

/** Returns true if the name or the value of a header or query parameter is that of a secret. */
export function isSecretPair([name, value]: readonly [name: string, value: string]): boolean {
  const words = name.replace(/([a-z])(?=[A-Z])/g, '$1-')
  return value !== '' && (SECRET_NAME.test(words) || looksRandom(value))
}

/** Returns true if small letters, capitals and digits alternate in a long text as in a random one. */
function looksRandom(text: string): boolean {
  const runs = text.replace(/[^A-Za-z0-9]/g, '').match(/[a-z]+|[A-Z]+|\d+/g) ?? []
  const { length } = runs.join('')
  return length >= 20 && runs.length > 0.35 * length
}
