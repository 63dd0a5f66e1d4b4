/** Reads the URLs and secrets of webhooks from a local file and from Secrets Manager. */

import { within } from '#runtime/waiting'
import { isObject } from '../../support/json.ts'
import { OWN_HEADERS, SECRET_WITHIN_MS, secretName, type WebhookReceiver } from '../receiver.ts'
import type { WebhookAccess } from '../webhook/attempt.ts'
import { signingKey } from '../webhook/signature.ts'
import { findUrlError } from '../webhook-url.ts'

/** Cache duration of a secret, in milliseconds. A changed secret is used after this time at the latest. */
const KEPT_MS = 5 * 60_000

type Secret = Readonly<Record<string, unknown>>

interface AccessParts {
  readonly env: string
  /** Secrets in the local file, by name. They take precedence over the secrets in Secrets Manager. */
  readonly localSecrets?: Readonly<Record<string, Secret>>
  readonly read: (name: string) => Promise<Secret>
  readonly nowMs: () => number
}

/**
 * Returns a function that reads the URL and secrets of a webhook. It rejects with a message that names missing keys, but never
 * contains secret values.
 */
export function receiverAccess({
  env,
  localSecrets = {},
  read,
  nowMs,
}: AccessParts): (receiver: WebhookReceiver) => Promise<WebhookAccess> {
  const cache = new Map<string, { readonly secret: Secret; readonly untilMs: number }>()
  const secretFor = async (receiver: WebhookReceiver, secret: string): Promise<Secret> => {
    const local = Object.hasOwn(localSecrets, secret) ? localSecrets[secret] : undefined
    if (local) return local
    const entry = cache.get(secret)
    if (entry && entry.untilMs > nowMs()) return entry.secret
    const name = secretName(secret, env)
    const timeout = `secret ${name} could not be read within ${SECRET_WITHIN_MS / 1_000} s`
    const fresh = await within(SECRET_WITHIN_MS, read(name), () => new Error(timeout))
    // A secret with an error is not kept, so that a corrected one is used at once.
    parseAccess(receiver, fresh, env)
    cache.set(secret, { secret: fresh, untilMs: nowMs() + KEPT_MS })
    return fresh
  }
  return async receiver =>
    parseAccess(receiver, receiver.secret ? await secretFor(receiver, receiver.secret) : {}, env)
}

/** Valid keys of a receiver's secret. That of PagerDuty also has `routingKey`. */
const KEYS = ['url', 'signingSecret', 'headers']

function parseAccess(receiver: WebhookReceiver, secret: Secret, env: string): WebhookAccess {
  const where = `secret ${secretName(receiver.secret ?? '', env)}`
  const isPager = receiver.format === 'pagerduty'
  const known = isPager ? [...KEYS, 'routingKey'] : KEYS
  const unknown = Object.keys(secret).filter(key => !known.includes(key))
  if (unknown.length > 0) throw new Error(`${where}: has unknown keys; known are ${known.join(', ')}`)
  const url = String(secret.url ?? receiver.url)
  const error = findUrlError(url)
  if (error !== undefined) throw new Error(`${where}: url ${error}`)
  const { headers = {}, signingSecret = [], routingKey } = secret
  if (isPager && !/^\w{32}$/.test(typeof routingKey === 'string' ? routingKey : ''))
    throw new Error(
      `${where}: routingKey must be the integration key of PagerDuty's Events API v2, 32 letters and digits`,
    )
  if (!isTexts(headers)) throw new Error(`${where}: headers must be an object whose values are ASCII strings`)
  const own = Object.keys(headers).find(name => OWN_HEADERS.test(name))
  if (own) throw new Error(`${where}: headers: ${own} is set by Sluice itself`)
  const keys = [signingSecret].flat().map(secret => {
    const key = signingKey(secret)
    if (key) return key
    throw new Error(
      `${where}: signingSecret must be whsec_ and 24 to 64 bytes in base64, or a list of such values`,
    )
  })
  return { url, keys, headers, ...(isPager ? { routingKey: String(routingKey) } : {}) }
}

function isTexts(value: unknown): value is Readonly<Record<string, string>> {
  if (!isObject(value)) return false
  return Object.entries(value).every(
    ([name, text]) =>
      /^[A-Za-z][A-Za-z0-9-]*$/.test(name) && typeof text === 'string' && /^[\x20-\x7e]*$/.test(text),
  )
}
