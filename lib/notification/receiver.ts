/** Receivers of notifications, from `config/notifications/receivers.yaml`. */

export const FORMATS = ['sluice', 'slack', 'alertmanager'] as const
export type Format = (typeof FORMATS)[number]

export type Receiver = SnsReceiver | WebhookReceiver

/** The environment's topic. Subscriptions distinguish several such receivers by the attribute `receivers`. */
interface SnsReceiver {
  readonly name: string
  readonly kind: 'sns'
}

export interface WebhookReceiver {
  readonly name: string
  readonly kind: 'webhook'
  readonly format: Format
  /** URL, unless the secret has it. */
  readonly url?: string
  /** The last part of the secret's name. */
  readonly secret?: string
  /** Upper bound for one attempt: resolving, connecting, sending and the answer. */
  readonly timeoutMs: number
  /** Whether private and loopback addresses may be called, and then without TLS. */
  readonly allowPrivate: boolean
  readonly headers: Readonly<Record<string, string>>
}

export const DEFAULT_TIMEOUT_MS = 5_000
export const TIMEOUT_MS = { least: 1_000, most: 30_000 } as const
/** Time limit for reading a secret, so that an unreadable one does not delay other receivers. */
export const SECRET_WITHIN_MS = 5_000

/** Headers that belong to the request itself, or to its signature. */
export const OWN_HEADERS = /^(host|content-.*|transfer-encoding|connection|user-agent|webhook-.*)$/i

/** The name of a receiver's secret in Secrets Manager; the roles of functions are limited to its prefix. */
export function secretName(secret: string, env: string): string {
  return `sluice/${env}/receivers/${secret}`
}
