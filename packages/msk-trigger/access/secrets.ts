import type { LoginSettings } from '../config/security.ts'
import { awsCredentials, awsEndpoint, awsRegion, installed } from '../support/aws.ts'
import { ConfigurationError } from '../support/framework.ts'

/**
 * Error for missing or unusable prerequisites of a connection, such as credentials. The message contains the reason, but no
 * secrets.
 */
export class AccessError extends Error {
  override readonly name = 'AccessError'
}

const ANSWER_WITHIN_MS = 5_000

const NOTHING_READ = 'the secret cannot be read: the trigger does not access the cloud'

export type Secret = Readonly<Record<string, unknown>>

/**
 * Checks that an emulator of Secrets Manager is configured.
 *
 * @param override section of the settings in which users can set the credentials instead of a secret
 * @throws ConfigurationError if no emulator is configured
 */
export function requireSecrets(setting: string, env: Readonly<Record<string, string | undefined>>): void {
  try {
    awsEndpoint('secretsmanager', NOTHING_READ, env)
  } catch (error) {
    throw new ConfigurationError(`${setting} names a secret: ${(error as Error).message}`)
  }
}

/**
 * Reads a secret, by ARN or name, from the emulator of Secrets Manager.
 *
 * @throws AccessError if the secret cannot be read. The message contains no part of the secret.
 */
export async function readSecret(name: string, setting: string): Promise<Secret> {
  try {
    return jsonIn(await secretText(name))
  } catch (error) {
    const { message, name: kind } = error as Error
    throw new AccessError(`${setting}: secret ${name} cannot be read: ${message || kind}`, { cause: error })
  }
}

/** Returns a field of a secret. @throws AccessError if the secret does not contain it */
export function textIn(secret: Secret, key: string, name: string, setting: string): string {
  const value = secret[key]
  if (typeof value === 'string' && value !== '') return value
  throw new AccessError(`${setting}: secret ${name} has no string field "${key}"`)
}

async function secretText(name: string): Promise<string | undefined> {
  const endpoint = awsEndpoint('secretsmanager', NOTHING_READ)
  const { SecretsManagerClient, GetSecretValueCommand } = await installed(
    () => import('@aws-sdk/client-secrets-manager'),
    '@aws-sdk/client-secrets-manager',
  )
  const config = { endpoint, region: awsRegion(name), maxAttempts: 1, ...awsCredentials() }
  const client = new SecretsManagerClient(config)
  try {
    const abortSignal = AbortSignal.timeout(ANSWER_WITHIN_MS)
    const { SecretString } = await client.send(new GetSecretValueCommand({ SecretId: name }), { abortSignal })
    return SecretString
  } finally {
    client.destroy()
  }
}

function jsonIn(text: string | undefined): Secret {
  try {
    const document: unknown = JSON.parse(text ?? '')
    if (typeof document === 'object' && document !== null) return document as Secret
  } catch {
    // The error below does not include the parser's message, which would quote the secret.
  }
  throw new Error('it is not a JSON object')
}

export interface Login {
  readonly username: string
  readonly password: string
}

/**
 * Returns user name and password from the settings, or from a secret in the format that Lambda requires.
 *
 * @throws AccessError if the secret cannot be read or does not contain both
 */
export async function loginOf(
  { username = '', password = '', secret }: LoginSettings,
  setting: string,
): Promise<Login> {
  if (secret === undefined) return { username, password }
  const content = await readSecret(secret, setting)
  const text = (key: string) => textIn(content, key, secret, setting)
  return { username: text('username'), password: text('password') }
}
