/** Effects of the functions' Kafka credentials on a deployment: secrets that they read, and permissions of the pollers. Pure. */
import type { KafkaAuth } from '../packages/runtime/adapters/kafka/authentication.ts'
import { allow, arnHere, byService, type Statement } from './arn.ts'
import { isSecretArn, readSecrets, secretArn } from './statements/secrets.ts'

/** How functions sign in, as far as a deployment needs to know. */
export interface KafkaSecrets {
  readonly auth: KafkaAuth
  /** Names or ARNs. */
  readonly secret?: string
  readonly caSecret?: string
}

/** Why an event source mapping could not sign in; a sentence each. */
export function kafkaSecretProblems({ auth, secret }: KafkaSecrets): string[] {
  if (auth === 'scram-sha-512' && secret !== undefined && !isSecretArn(secret))
    return [
      'KAFKA_SECRET: must be the ARN of the secret in a deployment, because event source mappings take no name.',
    ]
  if (auth === 'tls' && secret !== undefined)
    return [
      'KAFKA_AUTH: must be iam or scram-sha-512 in a deployment with KAFKA_SECRET, because the framework knows no event source ' +
        'mappings with client certificates.',
    ]
  return []
}

/** The fields by which an event source mapping signs in; without them it does so with the role of the function. */
export function mappingSignIn({ auth, secret }: KafkaSecrets): { readonly saslScram512?: string } {
  return auth === 'scram-sha-512' && secret !== undefined ? { saslScram512: secret } : {}
}

/** Returns the permissions of a function, and of its pollers, to read their credentials. */
export function kafkaSecretStatements({ auth, secret, caSecret }: KafkaSecrets): Statement[] {
  const read = auth === 'scram-sha-512' || auth === 'tls' ? [secret, caSecret] : [caSecret]
  const secrets = read.filter(name => name !== undefined)
  if (secrets.length === 0) return []
  return [
    readSecrets(...secrets),
    // MSK requires a key of the account for a secret with a user and a password. The key is known by what it decrypts.
    {
      ...allow(['kms:Decrypt'], [arnHere('kms', 'key/*')]),
      Condition: {
        StringEquals: { 'kms:ViaService': byService('secretsmanager') },
        StringLike: { 'kms:EncryptionContext:SecretARN': secrets.map(secretArn) },
      },
    },
  ]
}
