import { readFileSync } from 'node:fs'
import { createSecureContext } from 'node:tls'
import { connectionProblem, explainedSocket, type TlsAdvice } from '@sluice/kafka-records/connecting'
import { readPem } from '@sluice/kafka-records/pem'
import type { KafkaConfig } from 'kafkajs'
import type { ClusterSettings } from '../config/clusters.ts'
import type { TlsSettings } from '../config/security.ts'
import { ConfigurationError } from '../support/serverless.ts'

type PemKind = Parameters<typeof readPem>[1]

const PEM_SETTINGS = { ca: 'certificate', cert: 'certificate', key: 'private key' } as const

/**
 * Returns the client options for encryption and authentication of a cluster.
 *
 * @throws ConfigurationError if a certificate cannot be read or used
 */
export function accessOptions({
  brokers,
  ssl,
  sasl,
  section = 'custom.mskTrigger',
}: Pick<ClusterSettings, 'brokers' | 'ssl' | 'sasl'> & Partial<Pick<ClusterSettings, 'section'>>): Pick<
  KafkaConfig,
  'socketFactory' | 'sasl'
> {
  const certificates = ssl === false ? undefined : withFilesRead(ssl === true ? {} : ssl, `${section}.ssl`)
  const advice: TlsAdvice = {
    unknownAuthority: `${section}.ssl.ca must name the authority's certificate`,
    tlsExpected: `set ${section}.ssl`,
    plainTextExpected: `if its listener is in plain text, ${section}.ssl must not be set`,
    certificateWanted: `set ${section}.ssl.cert and key`,
  }
  return {
    socketFactory: ({ host, port, onConnect }) =>
      explainedSocket({ host, port, onConnect }, certificates, advice, brokers),
    ...(sasl && { sasl: sasl as KafkaConfig['sasl'] & object }),
  }
}

/**
 * Replaces file names in the settings by the contents of the files.
 *
 * @throws ConfigurationError if a file cannot be read or used
 */
export function withFilesRead(settings: TlsSettings, setting: string): TlsSettings {
  const read = Object.entries(PEM_SETTINGS).flatMap(([name, kind]) => {
    const value = settings[name as keyof typeof PEM_SETTINGS]
    return value === undefined ? [] : [[name, toPem(value, `${setting}.${name}`, kind, settings.passphrase)]]
  })
  const texts: TlsSettings = { ...settings, ...Object.fromEntries(read) }
  try {
    createSecureContext(texts)
  } catch (error) {
    // The message is one of Node.js, and contains no secrets.
    throw new ConfigurationError(`${setting} cannot be used: ${(error as Error).message}`)
  }
  return texts
}

function toPem(given: string, setting: string, ...how: [PemKind, string | undefined]): string {
  const isText = given.includes('-----BEGIN ')
  try {
    return readPem(isText ? given : readPemFile(given, setting), ...how)
  } catch (error) {
    if (error instanceof ConfigurationError) throw error
    throw new ConfigurationError(`${setting}: ${isText ? 'the text' : given} ${(error as Error).message}`)
  }
}

function readPemFile(file: string, setting: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException
    // The text may be a key without its first line instead of a path, so a text that cannot be a path is not quoted.
    const named = /^[^\n]{1,200}$/.test(file) && code !== 'ENAMETOOLONG' ? file : 'this'
    throw new ConfigurationError(
      `${setting}: ${named} cannot be read (${code}): it must be a file in PEM form, or a string in PEM form`,
    )
  }
}

/** Explanations of the errors with which a broker rejects a SASL request that its listener does not support. */
const ANSWERS: Readonly<Record<string, string>> = {
  UNSUPPORTED_SASL_MECHANISM:
    'the listener does not support this mechanism: set another custom.mskTrigger.sasl.mechanism',
  ILLEGAL_SASL_STATE: 'the listener does not accept credentials: remove custom.mskTrigger.sasl',
}

/**
 * Matches errors about a connection that was lost during authentication. kafkajs reports these errors like rejected credentials.
 */
const LOST_CONNECTION =
  /failed: (Closed connection|Connection (error: |timeout|closed by the server)|Not connected|Request .* timed out)/

/** Describes a problem with TLS or authentication, without secrets. Returns undefined for any other error. */
export function accessProblem(error: unknown): string | undefined {
  return connectionProblem(error) ?? describeRejection(error)
}

function describeRejection(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined
  const { name, type, message, cause } = error as Error & { type?: string }
  if (type !== undefined && Object.hasOwn(ANSWERS, type)) return ANSWERS[type]
  const isRefused = type === 'SASL_AUTHENTICATION_FAILED' || name === 'KafkaJSSASLAuthenticationError'
  if (!isRefused || LOST_CONNECTION.test(message)) return describeRejection(cause)
  // kafkajs adds the prefix "SASL PLAIN authentication failed: ", although the broker's message already has one.
  const reason = message
    .replace(/^SASL .*? authentication failed: /, '')
    .replace(/^Authentication failed: /, '')
  return `the broker does not accept the credentials of custom.mskTrigger.sasl: ${reason}`
}
