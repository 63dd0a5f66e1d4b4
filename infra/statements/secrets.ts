/** Permissions to read secrets of Secrets Manager. Pure. */
import { arnHere, isSecretArn } from '../place/arns.ts'
import type { Place } from '../place/place.ts'
import { allow, byService, type Statement } from './statement.ts'

/**
 * Returns the permission to read secrets.
 *
 * @param secrets names or ARNs; a name that ends in `/*` includes all secrets with this prefix
 */
export function allowSecrets(...secrets: readonly string[]): Statement {
  return allow(['secretsmanager:GetSecretValue'], secrets.map(toSecretArn))
}

/**
 * Returns the ARN of a secret. Secrets Manager appends "-" and six characters to the name. The pattern for these characters must
 * have exactly this length, because a shorter or longer one would match other secrets.
 */
function toSecretArn(nameOrArn: string): string | object {
  if (isSecretArn(nameOrArn)) return nameOrArn
  const suffix = nameOrArn.endsWith('/*') ? '' : '-??????'
  return arnHere('secretsmanager', `secret:${nameOrArn}${suffix}`)
}

/** Returns the permissions of a function and its pollers to read the credentials. */
export function buildKafkaSecretStatements({ kafkaSecrets }: Place): Statement[] {
  if (kafkaSecrets === undefined) return []
  const { auth, secret, caSecret } = kafkaSecrets
  const read = auth === 'iam' || auth === 'none' ? [caSecret] : [secret, caSecret]
  const secrets = read.filter(name => name !== undefined)
  if (secrets.length === 0) return []
  return [
    allowSecrets(...secrets),
    // MSK requires a customer managed key for a secret with credentials. The ARN of the key is unknown here, so the condition
    // restricts its use to decrypting this secret.
    {
      ...allow(['kms:Decrypt'], [arnHere('kms', 'key/*')]),
      Condition: {
        StringEquals: { 'kms:ViaService': byService('secretsmanager') },
        StringLike: { 'kms:EncryptionContext:SecretARN': secrets.map(toSecretArn) },
      },
    },
  ]
}
