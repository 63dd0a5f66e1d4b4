/** Resolves Kafka settings to addresses and credentials: looks up brokers, and reads secrets and files. */
import type { readPem } from '@sluice/kafka-records/pem'
import { readSecret } from '../adapters/aws/secrets-and-parameters.ts'
import { type ClientCertificate, hasPassword, type Login } from '../adapters/kafka/authentication.ts'
import type { KafkaConnection } from '../adapters/kafka/client.ts'
import { omitUndefined } from '../consumer/omit-undefined.ts'
import { ConfigError } from './config-error.ts'
import type { KafkaAccess } from './kafka.ts'

type PemKind = Parameters<typeof readPem>[1]

/**
 * Maximum age of a cached secret, in milliseconds. An older secret is still used once, and is then read again for later
 * connections.
 */
const SECRET_AGE_MS = 60_000

/**
 * Returns everything that a client needs to connect.
 *
 * @param clientId name of the client in the broker's logs
 * @throws ConfigError if a secret or a file cannot be read or is incomplete, or if the cluster has no listener for this
 * authentication method
 */
export async function resolveKafkaAccess(access: KafkaAccess, clientId: string): Promise<KafkaConnection> {
  const { auth, encrypted, region } = access
  const [brokers, ca, login, certificate] = await Promise.all([
    resolveBrokers(access),
    resolveAuthority(access),
    resolveLogin(access),
    resolveCertificate(access),
  ])
  return omitUndefined({ brokers, clientId, auth, encrypted, region, ca, login, certificate })
}

async function resolveBrokers(access: KafkaAccess): Promise<readonly string[]> {
  const { brokers, clusterArn, auth, connectivity } = access
  if (brokers.length > 0) return brokers
  const { listBrokers } = await import('../adapters/aws/msk-brokers.ts')
  return listBrokers(clusterArn ?? '', auth, connectivity).catch(asConfigError)
}

async function resolveAuthority({
  auth,
  caSecret,
  caFile,
}: KafkaAccess): Promise<(() => string) | undefined> {
  if (auth === 'none') return undefined
  if (caSecret) {
    const read = async () => (await readSecretFields('KAFKA_CA_SECRET', caSecret)).pem('certificate')
    return refreshing(read, SECRET_AGE_MS)
  }
  if (!caFile) return undefined
  const pem = await readPemFile('KAFKA_CA_FILE', caFile)
  return () => pem
}

async function resolveLogin({ auth, secret: name, login }: KafkaAccess): Promise<(() => Login) | undefined> {
  if (!hasPassword(auth)) return undefined
  if (!name) return login && (() => login)
  const read = async () => {
    const { text } = await readSecretFields('KAFKA_SECRET', name)
    return { username: text('username'), password: text('password') }
  }
  return refreshing(read, SECRET_AGE_MS)
}

async function resolveCertificate(access: KafkaAccess): Promise<(() => ClientCertificate) | undefined> {
  const { auth, secret: name, certificate: files } = access
  if (auth !== 'tls') return undefined
  if (name) return refreshing(() => readCertificate(name), SECRET_AGE_MS)
  if (!files) return undefined
  const [certificate, privateKey] = await Promise.all([
    readPemFile('KAFKA_CERT_FILE', files.certFile),
    readPemFile('KAFKA_KEY_FILE', files.keyFile, 'private key'),
  ])
  return () => ({ certificate, privateKey })
}

async function readCertificate(name: string): Promise<ClientCertificate> {
  const { content, pem } = await readSecretFields('KAFKA_SECRET', name)
  const { privateKeyPassword } = content
  const passphrase = typeof privateKeyPassword === 'string' ? privateKeyPassword : undefined
  const certificate = await pem('certificate')
  const privateKey = await pem('privateKey', 'private key', passphrase)
  return omitUndefined({ certificate, privateKey, passphrase })
}

/** Reads a secret. The returned functions `text` and `pem` read a required field. */
async function readSecretFields(variable: string, name: string) {
  const content = await readSecret(name).catch(error => asConfigError(error, variable))
  const text = (key: string): string => {
    const value = content[key]
    if (typeof value === 'string' && value !== '') return value
    throw new ConfigError('the environment', [`${variable}: secret ${name} has no string field "${key}"`])
  }
  const pem = (key: string, kind: PemKind = 'certificate', passphrase?: string) =>
    toPem(text(key), `${variable}: the field "${key}" of secret ${name}`, kind, passphrase)
  return { content, text, pem }
}

async function readPemFile(variable: string, file: string, kind: PemKind = 'certificate'): Promise<string> {
  const { readFile } = await import('node:fs/promises')
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new ConfigError('the environment', [`${variable}: ${file} cannot be read: ${error.code}`])
  })
  return toPem(text, `${variable}: ${file}`, kind)
}

/** Loads its code on demand, because most functions have no certificates. */
async function toPem(text: string, where: string, kind: PemKind, passphrase?: string): Promise<string> {
  const { readPem } = await import('@sluice/kafka-records/pem')
  try {
    return readPem(text, kind, passphrase)
  } catch (error) {
    throw new ConfigError('the environment', [`${where} ${(error as Error).message}`])
  }
}

function asConfigError(error: Error, variable?: string): never {
  throw new ConfigError('the environment', [variable ? `${variable}: ${error.message}` : error.message])
}

/**
 * Returns a function that provides a cached value to callers that cannot wait. If the value is older than `ageMs`, a call returns
 * it and reads a new value in the background. If reading fails, the old value remains.
 *
 * @throws errors of the first `read`
 */
export async function refreshing<T>(
  read: () => Promise<T>,
  ageMs: number,
  now: () => number = Date.now,
): Promise<() => T> {
  let value: T = await read()
  let readAtMs = now()
  return () => {
    if (now() - readAtMs > ageMs) {
      readAtMs = now()
      read().then(
        newer => {
          value = newer
        },
        // Ignore the error: a later call tries again, and the server reports a wrong password.
        () => {},
      )
    }
    return value
  }
}
