/** Secrets with the Kafka credentials of functions, and the permissions to read them. Pure. */
import type { KafkaAuth } from '#runtime/adapters/kafka/authentication.ts'
import { allow, arnHere, byService, type Statement } from '../place/arns.ts'
import { isSecretArn, readSecrets, secretArn } from './secrets.ts'

/** Kafka authentication of the functions. */
export interface KafkaSecrets {
  readonly auth: KafkaAuth
  /** Name or ARN of the secret with the credentials. `caSecret` is the secret with the CA certificate. */
  readonly secret?: string
  readonly caSecret?: string
}

/** Returns errors that would prevent an event source mapping from authenticating, one sentence each. */
export function kafkaSecretProblems({ auth, secret }: KafkaSecrets): string[] {
  if (auth === 'scram-sha-512' && secret !== undefined && !isSecretArn(secret))
    return [
      'KAFKA_SECRET: must be the ARN of the secret in a deployment, because event source mappings do not accept names.',
    ]
  if (auth === 'tls' && secret !== undefined)
    return [
      'KAFKA_AUTH: must be iam or scram-sha-512 in a deployment with KAFKA_SECRET, because the Serverless Framework does not ' +
        'support client certificates for event source mappings.',
    ]
  return []
}

/**
 * Returns the event source fields for authentication. They are empty if the mapping authenticates with the role of the function.
 */
export function mappingSignIn({ auth, secret }: KafkaSecrets): { readonly saslScram512?: string } {
  return auth === 'scram-sha-512' && secret !== undefined ? { saslScram512: secret } : {}
}

/** Returns the permissions of a function and its pollers to read the credentials. */
export function kafkaSecretStatements({ auth, secret, caSecret }: KafkaSecrets): Statement[] {
  const read = auth === 'scram-sha-512' || auth === 'tls' ? [secret, caSecret] : [caSecret]
  const secrets = read.filter(name => name !== undefined)
  if (secrets.length === 0) return []
  return [
    readSecrets(...secrets),
    // MSK requires a customer managed key for a secret with credentials. The ARN of the key is unknown here, so the condition
    // restricts its use to decrypting this secret.
    {
      ...allow(['kms:Decrypt'], [arnHere('kms', 'key/*')]),
      Condition: {
        StringEquals: { 'kms:ViaService': byService('secretsmanager') },
        StringLike: { 'kms:EncryptionContext:SecretARN': secrets.map(secretArn) },
      },
    },
  ]
}
