import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createSecureContext } from 'node:tls'
import { explainedSocket, type TlsAdvice, tlsProblem } from '@sluice/kafka-records/connecting'
import type { KafkaConfig } from 'kafkajs'
import type { ClusterSettings } from '../config/clusters.ts'
import type { TlsSettings } from '../config/security.ts'
import { ConfigurationError } from '../support/serverless.ts'

const PEM_SETTINGS = ['ca', 'cert', 'key'] as const

/**
 * Returns the client options for encryption and authentication of a cluster.
 *
 * @throws ConfigurationError if a certificate cannot be read or used
 */
export function accessOptions({
  ssl,
  sasl,
  section = 'custom.mskTrigger',
}: Pick<ClusterSettings, 'ssl' | 'sasl'> & Partial<Pick<ClusterSettings, 'section'>>): Pick<
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
      explainedSocket({ host, port, onConnect }, certificates, advice),
    ...(sasl && { sasl: sasl as KafkaConfig['sasl'] & object }),
  }
}

/**
 * Replaces file names in the settings by the contents of the files.
 *
 * @throws ConfigurationError if a file cannot be read or used
 */
export function withFilesRead(settings: TlsSettings, setting: string): TlsSettings {
  const read = PEM_SETTINGS.flatMap(name => {
    const value = settings[name]
    return value === undefined ? [] : [[name, readPem(value, `${setting}.${name}`)]]
  })
  const texts: TlsSettings = { ...settings, ...Object.fromEntries(read) }
  try {
    // Check `ca` separately, because `createSecureContext` ignores a certificate authority that it cannot parse.
    if (texts.ca !== undefined) new X509Certificate(texts.ca)
    createSecureContext(texts)
  } catch (error) {
    // The message is one of Node.js, and contains no secrets.
    throw new ConfigurationError(`${setting} cannot be used: ${(error as Error).message}`)
  }
  return texts
}

function readPem(given: string, setting: string): string {
  // Line breaks are often escaped in environment variables.
  if (isPem(given)) return given.includes('\n') ? given : given.replaceAll('\\n', '\n')
  const text = readPemFile(given, setting)
  if (isPem(text)) return text
  throw new ConfigurationError(`${setting}: the file is not in PEM form (-----BEGIN …)`)
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

function isPem(text: string): boolean {
  return text.includes('-----BEGIN ')
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
  return tlsProblem(error) ?? describeRejection(error)
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
