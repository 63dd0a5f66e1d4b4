import { bearerMechanism, explainedSocket, type TlsAdvice } from '@sluice/kafka-records/connecting'
import type { KafkaConfig } from 'kafkajs'
import { type ClusterSettingNames, type ClusterSettings, DEFAULT_NAMES } from '../config/clusters.ts'
import type { SaslSettings, TlsSettings } from '../config/security.ts'
import type { Settings } from '../config/settings.ts'
import { ConfigurationError } from '../support/framework.ts'
import { type Certificates, certificatesOf, hasSecrets, withFilesRead } from './certificates.ts'
import { iamToken, OAuthTokens, regionOf } from './oauth-token.ts'
import { type Login, loginOf, requireSecrets } from './secrets.ts'

const SECRET_AGE_MS = 60_000

function adviceOf({ ssl }: ClusterSettingNames): TlsAdvice {
  return {
    unknownAuthority: `${ssl}.ca must name the authority's certificate`,
    tlsExpected: `set ${ssl}`,
    plainTextExpected: `if its listener is in plain text, ${ssl} must not be set`,
    certificateWanted: `set ${ssl}.cert and key, or ssl.secret`,
  }
}

type AccessSettings = Omit<ClusterSettings, 'names'> & Partial<Pick<ClusterSettings, 'names'>>

/** Settings for connecting to the brokers: addresses, TLS and authentication. All clients of these brokers share the object. */
export class KafkaAccess {
  /** Client options for encryption and authentication. A client may connect only after `ready` has resolved. */
  readonly options: Pick<KafkaConfig, 'socketFactory' | 'sasl'>
  readonly #certificates: CachedValue<Certificates> | undefined
  readonly #login: CachedValue<Login> | undefined

  /** @throws ConfigurationError if a file or a secret cannot be read, or if IAM is used without a region */
  constructor(
    { brokers, ssl, sasl, names = DEFAULT_NAMES }: AccessSettings,
    env: Readonly<Record<string, string | undefined>>,
  ) {
    if (typeof ssl === 'object' && hasSecrets(ssl)) requireSecrets(names.ssl, env)
    if (sasl && 'secret' in sasl) requireSecrets(names.sasl, env)
    this.#certificates = certificatesFor(ssl, names.ssl)
    this.#login = loginFor(sasl, names.sasl)
    const advice = adviceOf(names)
    this.options = {
      socketFactory: ({ host, port, onConnect }) =>
        explainedSocket({ host, port, onConnect }, this.#certificates?.value, advice),
      ...(sasl && { sasl: this.#sasl(sasl, { brokers, names }, env) }),
    }
  }

  /**
   * Resolves once certificates and credentials have been read from their secrets. Rejects with an AccessError; the next call tries
   * again.
   */
  async ready(): Promise<void> {
    await Promise.all([this.#certificates?.ready(), this.#login?.ready()])
  }

  #sasl(
    sasl: SaslSettings,
    { brokers, names }: Pick<ClusterSettings, 'brokers' | 'names'>,
    env: Readonly<Record<string, string | undefined>>,
  ): KafkaConfig['sasl'] & object {
    if (sasl.mechanism === 'oauthbearer') {
      const tokens = new OAuthTokens(sasl)
      const { extensions } = sasl
      return bearerMechanism(async () => ({ value: await tokens.token(), ...(extensions && { extensions }) }))
    }
    if (sasl.mechanism === 'aws-msk-iam') {
      const region = sasl.region ?? regionOf(brokers) ?? env.AWS_REGION ?? env.AWS_DEFAULT_REGION
      if (!region)
        throw new ConfigurationError(
          `${names.sasl}.region must be the region of the cluster: neither the names of the brokers nor AWS_REGION contain it`,
        )
      return bearerMechanism(() => iamToken(region))
    }
    const login = this.#login
    const { mechanism } = sasl
    return {
      mechanism,
      // Use getters, because kafkajs reads user name and password again for each connection.
      get username() {
        return login?.value.username
      },
      get password() {
        return login?.value.password
      },
    } as KafkaConfig['sasl'] & object
  }
}

/** Returns warnings about settings that are allowed but risky, one line each. */
export function accessWarnings({
  ssl,
  registrySsl,
  names = DEFAULT_NAMES,
}: Pick<Settings, 'ssl' | 'registrySsl'> & Partial<Pick<ClusterSettings, 'names'>>): string[] {
  const encryptions = { [names.ssl]: ssl, 'custom.mskTrigger.registrySsl': registrySsl }
  return Object.entries(encryptions).flatMap(([name, settings]) =>
    typeof settings === 'object' && settings.rejectUnauthorized === false
      ? [`${name}.rejectUnauthorized is false: the identity of the server is not verified`]
      : [],
  )
}

function certificatesFor(ssl: boolean | TlsSettings, setting: string): CachedValue<Certificates> | undefined {
  if (ssl === false) return undefined
  const settings = withFilesRead(ssl === true ? {} : ssl, setting)
  return new CachedValue(
    () => certificatesOf(settings, setting),
    hasSecrets(settings) ? SECRET_AGE_MS : Infinity,
  )
}

function loginFor(sasl: SaslSettings | undefined, setting: string): CachedValue<Login> | undefined {
  if (!sasl || sasl.mechanism === 'oauthbearer' || sasl.mechanism === 'aws-msk-iam') return undefined
  const ageMs = sasl.secret === undefined ? Infinity : SECRET_AGE_MS
  return new CachedValue(() => loginOf(sasl, setting), ageMs)
}

/**
 * Cached value that can be read synchronously. A value older than `ageMs` is refreshed in the background, and the old value is
 * returned until then.
 */
export class CachedValue<T> {
  readonly #read: () => Promise<T>
  readonly #ageMs: number
  readonly #now: () => number
  #kept: { readonly value: T; readonly readAtMs: number } | undefined
  #reading: Promise<void> | undefined

  constructor(read: () => Promise<T>, ageMs: number, now: () => number = () => performance.now()) {
    this.#read = read
    this.#ageMs = ageMs
    this.#now = now
  }

  /** Resolves once the value has been read. Rejects with the error of `read`; the next call tries again. */
  async ready(): Promise<void> {
    if (!this.#kept) await this.#readAgain()
  }

  get value(): T {
    if (!this.#kept) throw new Error('it was not read yet')
    // If the refresh fails, the next call tries again.
    if (this.#now() - this.#kept.readAtMs > this.#ageMs) this.#readAgain().catch(() => {})
    return this.#kept.value
  }

  #readAgain(): Promise<void> {
    this.#reading ??= this.#read()
      .then(value => {
        this.#kept = { value, readAtMs: this.#now() }
      })
      .finally(() => {
        this.#reading = undefined
      })
    return this.#reading
  }
}
