import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createSecureContext } from 'node:tls'
import type { TlsSettings } from '../config/security.ts'
import { ConfigurationError } from '../support/framework.ts'
import { AccessError, readSecret, textIn } from './secrets.ts'

/** Private keys and certificates for a TLS connection, in PEM format. */
export type Certificates = Omit<TlsSettings, 'secret'>

/**
 * Settings whose value is a file name, a PEM text or the ARN of a secret. Each is mapped to the field of the secret that contains
 * it.
 */
const MEMBERS = { ca: 'certificate', cert: 'certificate', key: 'privateKey' } as const

type PemSetting = keyof typeof MEMBERS
const PEM_SETTINGS = Object.keys(MEMBERS) as readonly PemSetting[]

/**
 * Replaces file names in the settings by the contents of the files. ARNs of secrets are left unchanged.
 *
 * @throws ConfigurationError if a file cannot be read or used
 */
export function withFilesRead(settings: TlsSettings, setting: string): TlsSettings {
  const read = PEM_SETTINGS.flatMap(name => {
    const given = settings[name]
    return given === undefined ? [] : [[name, fileOrText(given, `${setting}.${name}`)]]
  })
  const texts: TlsSettings = { ...settings, ...Object.fromEntries(read) }
  const problem = hasSecrets(texts) ? undefined : unusable(texts)
  if (problem) throw new ConfigurationError(`${setting} cannot be used: ${problem}`)
  return texts
}

/** Returns true if any of the settings refers to a secret, whose value can change. */
export function hasSecrets(settings: TlsSettings): boolean {
  return settings.secret !== undefined || PEM_SETTINGS.some(name => isArn(settings[name]))
}

/** Returns the certificates after reading the secrets, which must have the format that Lambda requires. @throws AccessError */
export async function certificatesOf(
  { secret, ...settings }: TlsSettings,
  setting: string,
): Promise<Certificates> {
  const named = await Promise.all(
    PEM_SETTINGS.filter(name => isArn(settings[name])).map(async name => {
      const arn = settings[name] as string
      const where = `${setting}.${name}`
      return [name, textIn(await readSecret(arn, where), MEMBERS[name], arn, where)]
    }),
  )
  const certificates: Certificates = {
    ...settings,
    ...(secret !== undefined && (await clientCertificate(secret, setting))),
    ...Object.fromEntries(named),
  }
  const problem = unusable(certificates)
  if (problem) throw new AccessError(`${setting} cannot be used: ${problem}`)
  return certificates
}

async function clientCertificate(name: string, setting: string): Promise<Certificates> {
  const where = `${setting}.secret`
  const content = await readSecret(name, where)
  const { privateKeyPassword: passphrase } = content
  return {
    cert: textIn(content, 'certificate', name, where),
    key: textIn(content, 'privateKey', name, where),
    ...(typeof passphrase === 'string' && passphrase !== '' && { passphrase }),
  }
}

function fileOrText(given: string, setting: string): string {
  if (isArn(given)) return given
  // Line breaks are often escaped in environment variables.
  if (isPem(given)) return given.includes('\n') ? given : given.replaceAll('\\n', '\n')
  const text = contentOf(given, setting)
  if (isPem(text)) return text
  throw new ConfigurationError(`${setting}: the file is not in PEM form (-----BEGIN …)`)
}

function contentOf(file: string, setting: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException
    // The text may be a key without its first line instead of a path, so a text that cannot be a path is not quoted.
    const named = /^[^\n]{1,200}$/.test(file) && code !== 'ENAMETOOLONG' ? file : 'this'
    throw new ConfigurationError(
      `${setting}: ${named} cannot be read (${code}): it must be a file in PEM form, a string in PEM form, or the ARN of a secret`,
    )
  }
}

/**
 * Returns the reason why these certificates cannot be used for TLS; undefined if they can be used. The reason is an error message
 * of Node.js and contains no secrets.
 */
function unusable({ ca, cert, key, passphrase }: Certificates): string | undefined {
  try {
    // Check `ca` separately, because `createSecureContext` ignores a certificate authority that it cannot parse.
    if (ca !== undefined) new X509Certificate(ca)
    createSecureContext({ ca, cert, key, passphrase })
    return undefined
  } catch (error) {
    return (error as Error).message
  }
}

function isArn(text: string | undefined): boolean {
  return text?.startsWith('arn:') === true
}

function isPem(text: string): boolean {
  return text.includes('-----BEGIN ')
}
