/**
 * Signs requests, so that a receiver can verify the sender and the time. Source: Standard Webhooks 1.0.0,
 * https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md, "Signature scheme" (HMAC-SHA256 over
 * id, timestamp and body; `v1`) and "Webhook headers".
 */
import { createHmac } from 'node:crypto'

const PREFIX = 'whsec_'
/** Length of a key in bytes. The specification says "At least 24 bytes (192 bits, 512 maximum)"; 512 bits are 64 bytes. */
const KEY_BYTES = { least: 24, most: 64 } as const

/** Returns the key in a secret such as `whsec_MfKQ9r8G…`; undefined if the secret is not valid. */
export function signingKey(secret: unknown): Buffer | undefined {
  if (typeof secret !== 'string' || !secret.startsWith(PREFIX)) return undefined
  const base64 = secret.slice(PREFIX.length)
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(base64)) return undefined
  const key = Buffer.from(base64, 'base64')
  return key.length >= KEY_BYTES.least && key.length <= KEY_BYTES.most ? key : undefined
}

/**
 * Returns the headers that identify and sign a request.
 *
 * @param id message id, which is the same for every attempt and must not contain a full stop
 * @param atMs time of this attempt, in milliseconds since the epoch
 * @param keys signing keys. Each key adds a signature, so that both the old and the new key are valid while a key is replaced.
 * Without keys, the request is not signed.
 */
export function webhookHeaders(
  id: string,
  atMs: number,
  body: string,
  keys: readonly Buffer[],
): Record<string, string> {
  const timestamp = String(Math.floor(atMs / 1_000))
  const signatures = keys.map(key => {
    return `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')}`
  })
  return {
    'webhook-id': id,
    'webhook-timestamp': timestamp,
    ...(signatures.length > 0 ? { 'webhook-signature': signatures.join(' ') } : {}),
  }
}
