import {
  boolean,
  exactOptional,
  forward,
  type GenericSchema,
  lazy,
  partialCheck,
  picklist,
  pipe,
  regex,
  string,
} from 'valibot'
import { hiddenMap, hiddenMustBe, mustBe } from './setting-errors.ts'

/** TLS settings of a connection, named like the options of Node.js. `ca`, `cert` and `key` are file names or PEM texts. */
export interface TlsSettings {
  /** Certificates of trusted authorities, used instead of the default certificates of Node.js. */
  readonly ca?: string
  readonly cert?: string
  readonly key?: string
  readonly passphrase?: string
  readonly servername?: string
}

/** Kafka mechanisms that authenticate with a password. */
const MECHANISMS = ['plain', 'scram-sha-256', 'scram-sha-512'] as const

export interface SaslSettings {
  readonly mechanism: (typeof MECHANISMS)[number]
  readonly username: string
  readonly password: string
}

/** Builds the error message for a value that is not a string. It never contains the value, which may be a password. */
const TEXT: ReturnType<typeof hiddenMustBe> = issue =>
  `${hiddenMustBe('a string')(issue)}${typeof issue.input === 'number' ? ': put it in quotes' : ''}`
const text = pipe(string(TEXT), regex(/./s, TEXT))

const TLS = pipe(
  hiddenMap({
    ca: exactOptional(text),
    cert: exactOptional(text),
    key: exactOptional(text),
    passphrase: exactOptional(text),
    servername: exactOptional(text),
  }),
  forward(
    partialCheck(
      [['cert'], ['key']],
      ({ cert, key }) => (cert === undefined) === (key === undefined),
      'must be set together with key',
    ),
    ['cert'],
  ),
)

export const SSL = lazy(given => (typeof given === 'boolean' ? boolean() : TLS)) as GenericSchema<
  unknown,
  boolean | TlsSettings
>

export const SASL = hiddenMap({
  mechanism: picklist(MECHANISMS, mustBe(`one of ${MECHANISMS.join(', ')}`)),
  username: text,
  password: text,
}) as GenericSchema<unknown, SaslSettings>
