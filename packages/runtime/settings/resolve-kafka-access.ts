/** Resolves Kafka settings to addresses and credentials: looks up brokers, and reads secrets and files. */
import { readSecret } from '../adapters/aws/secrets-and-parameters.ts'
import { type ClientCertificate, hasPassword, type Login } from '../adapters/kafka/authentication.ts'
import type { KafkaConnection } from '../adapters/kafka/client.ts'
import { omitUndefined } from '../consumer/omit-undefined.ts'
import { ConfigError } from './config-error.ts'
import type { KafkaAccess } from './kafka.ts'
import { refreshing } from './refreshing.ts'

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
    const read = async () => (await readSecretFields('KAFKA_CA_SECRET', caSecret)).text('certificate')
    return refreshing(read, SECRET_AGE_MS)
  }
  if (!caFile) return undefined
  const pem = await readPem('KAFKA_CA_FILE', caFile)
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
    readPem('KAFKA_CERT_FILE', files.certFile),
    readPem('KAFKA_KEY_FILE', files.keyFile),
  ])
  return () => ({ certificate, privateKey })
}

async function readCertificate(name: string): Promise<ClientCertificate> {
  const { content, text } = await readSecretFields('KAFKA_SECRET', name)
  const { privateKeyPassword: passphrase } = content
  return {
    certificate: text('certificate'),
    privateKey: text('privateKey'),
    ...(typeof passphrase === 'string' ? { passphrase } : {}),
  }
}

/** Reads a secret. The returned `text` function reads a required field. */
async function readSecretFields(variable: string, name: string) {
  const content = await readSecret(name).catch(error => asConfigError(error, variable))
  const text = (key: string): string => {
    const value = content[key]
    if (typeof value === 'string' && value !== '') return value
    throw new ConfigError('the environment', [`${variable}: secret ${name} has no string field "${key}"`])
  }
  return { content, text }
}

async function readPem(variable: string, file: string): Promise<string> {
  const { readFile } = await import('node:fs/promises')
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new ConfigError('the environment', [`${variable}: ${file} cannot be read: ${error.code}`])
  })
  if (text.includes('-----BEGIN ')) return text
  throw new ConfigError('the environment', [`${variable}: ${file} is not in PEM form`])
}

function asConfigError(error: Error, variable?: string): never {
  throw new ConfigError('the environment', [variable ? `${variable}: ${error.message}` : error.message])
}
