import { answerText } from '@sluice/schema-registry'
import type { OAuthSettings } from '../config/security.ts'
import { installed } from '../support/aws.ts'
import { AccessError, readSecret, textIn } from './secrets.ts'

const ANSWER_WITHIN_MS = 5_000

/** Share of a token's lifetime during which it is used, so that it does not expire in transit. */
const USED_FOR = 0.8

const DEFAULT_LIFETIME_S = 60

const SETTING = 'custom.mskTrigger.sasl'

/**
 * Source of OAuth tokens: returns the token in `sasl`, or requests one from the token endpoint with the grant "client credentials"
 * (RFC 6749, section 4.4).
 */
export class OAuthTokens {
  readonly #settings: OAuthSettings
  readonly #now: () => number
  #known: { readonly token: string; readonly untilMs: number } | undefined

  constructor(settings: OAuthSettings, now: () => number = () => performance.now()) {
    this.#settings = settings
    this.#now = now
  }

  /** @throws AccessError if the endpoint returns no token. The message contains no secrets. */
  async token(): Promise<string> {
    const { token, tokenEndpoint } = this.#settings
    if (tokenEndpoint === undefined) return token ?? ''
    if (this.#known && this.#now() < this.#known.untilMs) return this.#known.token
    const askedAtMs = this.#now()
    const { access_token, expires_in } = await this.#ask(tokenEndpoint)
    if (typeof access_token !== 'string' || access_token === '')
      throw refused(tokenEndpoint, 'its answer has no access_token')
    const lifetimeS = Number(expires_in) > 0 ? Number(expires_in) : DEFAULT_LIFETIME_S
    this.#known = { token: access_token, untilMs: askedAtMs + lifetimeS * 1000 * USED_FOR }
    return access_token
  }

  async #ask(tokenEndpoint: string): Promise<Readonly<Record<string, unknown>>> {
    const { scope } = this.#settings
    const { clientId, clientSecret } = await this.#client()
    const credentials = [clientId, clientSecret].map(formEncoded).join(':')
    const request = {
      method: 'POST',
      headers: {
        accept: 'application/json',
        authorization: `Basic ${Buffer.from(credentials).toString('base64')}`,
      },
      body: new URLSearchParams({ grant_type: 'client_credentials', ...(scope !== undefined && { scope }) }),
      signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
    }
    const response = await fetch(tokenEndpoint, request).catch((error: Error) => {
      throw refused(tokenEndpoint, rootMessage(error))
    })
    const answer = objectIn(await answerText(response).catch(() => ''))
    if (response.ok) return answer
    const reasons = [answer.error, answer.error_description].filter(one => typeof one === 'string')
    throw refused(tokenEndpoint, [`it answered ${response.status}`, ...reasons].join(', ').slice(0, 300))
  }

  async #client(): Promise<{ clientId: string; clientSecret: string }> {
    const { clientId = '', clientSecret = '', secret } = this.#settings
    if (secret === undefined) return { clientId, clientSecret }
    const content = await readSecret(secret, SETTING)
    const text = (key: string) => textIn(content, key, secret, SETTING)
    return { clientId: text('client_id'), clientSecret: text('client_secret') }
  }
}

function refused(tokenEndpoint: string, why: string): AccessError {
  return new AccessError(`${SETTING}: no token from ${tokenEndpoint}: ${why}`)
}

/** Encodes a text as required by RFC 6749, section 2.3.1. */
function formEncoded(text: string): string {
  return new URLSearchParams([['', text]]).toString().slice(1)
}

function rootMessage(error: Error): string {
  return error.cause instanceof Error ? rootMessage(error.cause) : error.message || error.name
}

function objectIn(text: string): Readonly<Record<string, unknown>> {
  try {
    const parsed: unknown = JSON.parse(text)
    return typeof parsed === 'object' && parsed !== null ? (parsed as Record<string, unknown>) : {}
  } catch {
    return {}
  }
}

const SIGNER = 'aws-msk-iam-sasl-signer-js'

/**
 * Creates a token for an MSK listener with IAM authentication. The token is a signed request and is valid for 15 minutes.
 *
 * @throws AccessError if there are no AWS credentials
 */
export async function iamToken(region: string): Promise<{ value: string }> {
  const { generateAuthToken } = await installed(() => import('aws-msk-iam-sasl-signer-js'), SIGNER)
  try {
    const { token } = await generateAuthToken({ region })
    return { value: token }
  } catch (error) {
    throw new AccessError(
      `custom.mskTrigger.sasl: aws-msk-iam signs in with AWS credentials: ${(error as Error).message}`,
      { cause: error },
    )
  }
}

/** Returns the region that the name of an MSK broker contains, such as `b-1.….kafka.eu-west-1.amazonaws.com:9098`. */
export function regionOf(brokers: readonly string[]): string | undefined {
  const named = brokers.map(
    broker => /\.kafka(?:-serverless)?\.([a-z0-9-]+)\.amazonaws\.com/.exec(broker)?.[1],
  )
  return named.find(region => region !== undefined)
}
