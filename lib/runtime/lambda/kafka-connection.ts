/** From the settings of Kafka to addresses and credentials: looks up brokers, reads secrets and files. */
import { readFile } from 'node:fs/promises'
import { secretOf } from '../adapters/aws/clients.ts'
import { type ClientCertificate, hasPassword, type Login } from '../adapters/kafka/authentication.ts'
import type { KafkaConnection } from '../adapters/kafka/client.ts'
import { ConfigError } from '../settings/config-error.ts'
import type { KafkaAccess } from '../settings/kafka.ts'
import { refreshing } from './once.ts'

/** How old the content of a secret may be when a connection uses it, in milliseconds; then it is read again for the next ones. */
const SECRET_AGE_MS = 60_000

/**
 * Everything that a client needs to connect.
 *
 * @param clientId identifies the client in the broker's logs
 * @throws ConfigError if a secret or a file cannot be read or lacks something, or the cluster has no such listener
 */
export async function kafkaConnection(access: KafkaAccess, clientId: string): Promise<KafkaConnection> {
  const { auth, encrypted, region } = access
  const [brokers, ca, login, certificate] = await Promise.all([
    brokersFor(access),
    authorityOf(access),
    loginOf(access),
    certificateOf(access),
  ])
  return {
    brokers,
    clientId,
    auth,
    ...(encrypted === false ? { encrypted } : {}),
    ...(region ? { region } : {}),
    ...(ca ? { ca } : {}),
    ...(login ? { login } : {}),
    ...(certificate ? { certificate } : {}),
  }
}

async function brokersFor({
  brokers,
  clusterArn,
  auth,
  connectivity,
}: KafkaAccess): Promise<readonly string[]> {
  if (brokers.length > 0) return brokers
  const { brokersOf } = await import('../adapters/aws/msk-brokers.ts')
  return brokersOf(clusterArn ?? '', auth, connectivity).catch(asConfigError)
}

async function authorityOf({ auth, caSecret, caFile }: KafkaAccess): Promise<(() => string) | undefined> {
  if (auth === 'none') return undefined
  if (caSecret) {
    const read = async () => {
      const content = await secret('KAFKA_CA_SECRET', caSecret)
      return { pem: textIn(content, 'KAFKA_CA_SECRET', caSecret, 'certificate') }
    }
    const authority = await refreshing(read, SECRET_AGE_MS)
    return () => authority().pem
  }
  if (!caFile) return undefined
  const pem = await pemIn('KAFKA_CA_FILE', caFile)
  return () => pem
}

async function loginOf({ auth, secret: name, login }: KafkaAccess): Promise<(() => Login) | undefined> {
  if (!hasPassword(auth)) return undefined
  if (!name) return login && (() => login)
  const read = async () => {
    const content = await secret('KAFKA_SECRET', name)
    const field = (key: string) => textIn(content, 'KAFKA_SECRET', name, key)
    return { username: field('username'), password: field('password') }
  }
  return refreshing(read, SECRET_AGE_MS)
}

async function certificateOf(access: KafkaAccess): Promise<(() => ClientCertificate) | undefined> {
  const { auth, secret: name, certificate: files } = access
  if (auth !== 'tls') return undefined
  if (name) return refreshing(() => certificateIn(name), SECRET_AGE_MS)
  if (!files) return undefined
  const [certificate, privateKey] = await Promise.all([
    pemIn('KAFKA_CERT_FILE', files.certFile),
    pemIn('KAFKA_KEY_FILE', files.keyFile),
  ])
  return () => ({ certificate, privateKey })
}

async function certificateIn(name: string): Promise<ClientCertificate> {
  const content = await secret('KAFKA_SECRET', name)
  const field = (key: string) => textIn(content, 'KAFKA_SECRET', name, key)
  const { privateKeyPassword: passphrase } = content
  return {
    certificate: field('certificate'),
    privateKey: field('privateKey'),
    ...(typeof passphrase === 'string' ? { passphrase } : {}),
  }
}

function secret(variable: string, name: string): Promise<Record<string, unknown>> {
  return secretOf(name).catch(error => asConfigError(error, variable))
}

function textIn(content: Record<string, unknown>, variable: string, name: string, key: string): string {
  const value = content[key]
  if (typeof value === 'string' && value !== '') return value
  throw new ConfigError('the environment', [`${variable}: secret ${name} has no text "${key}"`])
}

async function pemIn(variable: string, file: string): Promise<string> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new ConfigError('the environment', [`${variable}: ${file} cannot be read: ${error.code}`])
  })
  if (text.includes('-----BEGIN ')) return text
  throw new ConfigError('the environment', [`${variable}: ${file} is not in PEM form`])
}

function asConfigError(error: Error, variable?: string): never {
  throw new ConfigError('the environment', [variable ? `${variable}: ${error.message}` : error.message])
}
