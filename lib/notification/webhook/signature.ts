/**
 * Signs requests so that a receiver can verify sender and time. Source: Standard Webhooks 1.0.0,
 * https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md, "Signature scheme" (HMAC-SHA256
 * over id, timestamp and body; `v1`) and "Webhook headers".
 */
import { createHmac } from 'node:crypto'

const PREFIX = 'whsec_'
/** Bytes of a key, as the specification has it: "At least 24 bytes (192 bits, 512 maximum)", which are 64 bytes. */
const KEY_BYTES = { least: 24, most: 64 } as const

/** The key in a secret such as `whsec_MfKQ9r8G…`; undefined if it is not one. */
export function signingKey(secret: unknown): Buffer | undefined {
  if (typeof secret !== 'string' || !secret.startsWith(PREFIX)) return undefined
  const base64 = secret.slice(PREFIX.length)
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(base64)) return undefined
  const key = Buffer.from(base64, 'base64')
  return key.length >= KEY_BYTES.least && key.length <= KEY_BYTES.most ? key : undefined
}

/**
 * The headers that identify and sign a request.
 *
 * @param id the same for every attempt; without a full stop
 * @param atMs when this attempt is made, in milliseconds since the epoch
 * @param keys a signature for each, so that a key can be replaced while both are valid; unsigned without any
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
