import {
  boolean,
  check,
  custom,
  exactOptional,
  forward,
  type GenericSchema,
  lazy,
  partialCheck,
  picklist,
  pipe,
  record,
  regex,
  string,
  transform,
} from 'valibot'
import { isObject } from '../support/values.ts'
import { hiddenMap, must, mustBe, settingsMap } from './setting-errors.ts'

/**
 * TLS settings of a connection, named like the options of Node.js. Each of `ca`, `cert` and `key` is a file name, a PEM text or the
 * ARN of a secret.
 */
export interface TlsSettings {
  /** Certificates of trusted authorities, used instead of the default certificates of Node.js. */
  readonly ca?: string
  readonly cert?: string
  readonly key?: string
  readonly passphrase?: string
  /** Secret with the certificate and the key, instead of `cert` and `key`. */
  readonly secret?: string
  readonly servername?: string
  readonly rejectUnauthorized?: boolean
}

/** Credentials: either `username` and `password`, or `secret`, which contains both. */
export interface LoginSettings {
  readonly username?: string
  readonly password?: string
  readonly secret?: string
}

/** OAuth settings: either `token`, or a token endpoint. `secret` contains `clientId` and `clientSecret`. */
export interface OAuthSettings {
  readonly token?: string
  readonly tokenEndpoint?: string
  readonly clientId?: string
  readonly clientSecret?: string
  readonly secret?: string
  readonly scope?: string
  readonly extensions?: Readonly<Record<string, string>>
}

/** Kafka mechanisms that authenticate with a password. */
const PASSWORD_MECHANISMS = ['plain', 'scram-sha-256', 'scram-sha-512'] as const
const MECHANISMS = [...PASSWORD_MECHANISMS, 'oauthbearer', 'aws-msk-iam'] as const

export type SaslSettings =
  | ({ readonly mechanism: (typeof PASSWORD_MECHANISMS)[number] } & LoginSettings)
  | ({ readonly mechanism: 'oauthbearer' } & OAuthSettings)
  | { readonly mechanism: 'aws-msk-iam'; readonly region?: string }

const ADDRESS = mustBe('an address like https://login.example/oauth2/token')

/** Builds the error message for a value that is not a string. It never contains the value, which may be a password. */
const TEXT: ReturnType<typeof mustBe> = issue =>
  `${mustBe('a string')(issue)}${typeof issue.input === 'number' ? ': put it in quotes' : ''}`
const text = pipe(string(TEXT), regex(/./s, TEXT))
const secret = pipe(
  string(mustBe('the ARN or the name of a secret')),
  regex(/^\S+$/, mustBe('the ARN or the name of a secret')),
)
const address = pipe(string(ADDRESS), check(isAddress, ADDRESS))

const TLS = pipe(
  hiddenMap({
    ca: exactOptional(text),
    cert: exactOptional(text),
    key: exactOptional(text),
    passphrase: exactOptional(text),
    secret: exactOptional(secret),
    servername: exactOptional(text),
    rejectUnauthorized: exactOptional(boolean(mustBe('true or false'))),
  }),
  // `cert` and `key` must be set together.
  forward(
    partialCheck(
      [['cert'], ['key']],
      ({ cert, key }) => cert === undefined || key !== undefined,
      'must be the key of cert',
    ),
    ['key'],
  ),
  forward(
    partialCheck(
      [['cert'], ['key']],
      ({ cert, key }) => key === undefined || cert !== undefined,
      'must be the certificate of key',
    ),
    ['cert'],
  ),
  forward(
    partialCheck(
      [['cert'], ['secret']],
      ({ cert, secret }) => cert === undefined || secret === undefined,
      'must not be set together with cert and key',
    ),
    ['secret'],
  ),
)

export const SSL = lazy(given => (typeof given === 'boolean' ? boolean() : TLS)) as GenericSchema<
  unknown,
  boolean | TlsSettings
>

/** Schema of `registrySsl`. It cannot be a boolean, because the scheme of the registry's address determines whether TLS is used. */
export const REGISTRY_SSL = TLS as GenericSchema<unknown, TlsSettings>

const LOGIN = {
  username: exactOptional(text),
  password: exactOptional(text),
  secret: exactOptional(secret),
}

const isLogin = ({ username, password, secret }: LoginSettings) =>
  secret === undefined
    ? username !== undefined && password !== undefined
    : (username ?? password) === undefined
const LOGIN_WANTED = 'must have username and password, or else secret'

export const REGISTRY_AUTH = pipe(hiddenMap(LOGIN), check(isLogin, LOGIN_WANTED)) as GenericSchema<
  unknown,
  LoginSettings
>

const mechanism = picklist(MECHANISMS, must(`one of ${MECHANISMS.join(', ')}`))

const BY_PASSWORD = pipe(
  hiddenMap({ mechanism, ...LOGIN }),
  check(login => isLogin(login), LOGIN_WANTED),
)

const OAUTH = pipe(
  hiddenMap({
    mechanism,
    token: exactOptional(text),
    tokenEndpoint: exactOptional(address),
    clientId: exactOptional(text),
    clientSecret: exactOptional(text),
    secret: exactOptional(secret),
    scope: exactOptional(text),
    extensions: exactOptional(record(string(), text, mustBe('a map of strings'))),
  }),
  check(
    ({ token, tokenEndpoint, clientId, clientSecret, secret }) =>
      token === undefined
        ? tokenEndpoint !== undefined &&
          isLogin({
            ...(clientId !== undefined && { username: clientId }),
            ...(clientSecret !== undefined && { password: clientSecret }),
            ...(secret !== undefined && { secret }),
          })
        : (tokenEndpoint ?? clientId ?? clientSecret ?? secret) === undefined,
    'must have token, or else tokenEndpoint with clientId and clientSecret, or with secret',
  ),
)

const IAM = hiddenMap({ mechanism, region: exactOptional(text) })

/**
 * Schema of `sasl` with a missing or unknown mechanism. Only the mechanism is validated, because the other settings depend on it.
 */
const UNKNOWN = pipe(
  custom<object>(isObject, mustBe('a map')),
  transform(given => ({ mechanism: (given as { mechanism?: unknown }).mechanism }) as object),
  settingsMap({ mechanism }),
)

/** Schema of `sasl`. The spelling of mechanisms in Java is accepted too: `SCRAM-SHA-512`, `AWS_MSK_IAM`. */
export const SASL = pipe(
  custom<unknown>(() => true),
  transform(withPlainMechanism),
  lazy(given => schemaOf(isObject(given) ? given.mechanism : undefined)),
) as GenericSchema<unknown, SaslSettings>

function schemaOf(mechanism: unknown): GenericSchema {
  if (mechanism === 'oauthbearer') return OAUTH
  if (mechanism === 'aws-msk-iam') return IAM
  return PASSWORD_MECHANISMS.includes(mechanism as never) ? BY_PASSWORD : UNKNOWN
}

function withPlainMechanism(given: unknown): unknown {
  if (!isObject(given) || typeof given.mechanism !== 'string') return given
  return { ...given, mechanism: given.mechanism.toLowerCase().replaceAll('_', '-') }
}

function isAddress(value: string): boolean {
  const { protocol = '', username } = URL.parse(value) ?? {}
  return /^https?:$/.test(protocol) && !username
}
