/** Receivers of notifications, from `config/notifications/receivers.yaml`. */

const FORMATS = ['sluice', 'slack', 'teams', 'pagerduty'] as const
export type Format = (typeof FORMATS)[number]

export type Receiver = SnsReceiver | WebhookReceiver

/**
 * Receiver that publishes to the SNS topic of the environment. If there are several such receivers, subscriptions select one by the
 * message attribute `receivers`.
 */
interface SnsReceiver {
  readonly name: string
  readonly kind: 'sns'
}

export interface WebhookReceiver {
  readonly name: string
  readonly kind: 'webhook'
  readonly format: Format
  /** URL of the webhook; absent if the URL is in the secret. */
  readonly url?: string
  /** Last part of the secret's name. */
  readonly secret?: string
  /**
   * Timeout of one attempt, in milliseconds. It includes resolving the host name, connecting, sending the request and receiving the
   * response.
   */
  readonly timeoutMs: number
  /** True to allow connections to private and loopback addresses. TLS is not required for these. */
  readonly allowPrivate: boolean
  readonly headers: Readonly<Record<string, string>>
}

/** URL of PagerDuty's Events API v2 for accounts outside of its EU region. */
export const PAGERDUTY_URL = 'https://events.pagerduty.com/v2/enqueue'

export const DEFAULT_TIMEOUT_MS = 5_000
export const TIMEOUT_MS = { least: 1_000, most: 30_000 } as const
/** Timeout for reading a secret, in milliseconds. It ensures that an unreadable secret does not delay other receivers. */
export const SECRET_WITHIN_MS = 5_000

/** Headers that the sink sets itself. They must not be configured in a receiver. */
export const OWN_HEADERS = /^(host|content-.*|transfer-encoding|connection|user-agent|webhook-.*)$/i

/**
 * Returns the name of a receiver's secret in AWS Secrets Manager. The roles of functions grant access only to names with this
 * prefix.
 */
export function secretName(secret: string, env: string): string {
  return `sluice/${env}/receivers/${secret}`
}
