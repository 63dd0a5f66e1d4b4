/** Permissions to read secrets of Secrets Manager. Pure. */
import { allow, arnHere, type Statement } from '../place/arns.ts'

const SECRET_ARN = /^arn:aws[a-z-]*:secretsmanager:/

/** Returns whether the text is the ARN of a secret. A secret can also be given by name. */
export function isSecretArn(nameOrArn: string): boolean {
  return SECRET_ARN.test(nameOrArn)
}

/**
 * Returns the permission to read secrets.
 *
 * @param secrets names or ARNs; a name that ends in `/*` includes all secrets with this prefix
 */
export function readSecrets(...secrets: readonly string[]): Statement {
  return allow(['secretsmanager:GetSecretValue'], secrets.map(secretArn))
}

/**
 * Returns the ARN of a secret. Secrets Manager appends "-" and six characters to the name. The pattern for these characters must
 * have exactly this length, because a shorter or longer one would match other secrets.
 */
export function secretArn(nameOrArn: string): string | object {
  if (isSecretArn(nameOrArn)) return nameOrArn
  const suffix = nameOrArn.endsWith('/*') ? '' : '-??????'
  return arnHere('secretsmanager', `secret:${nameOrArn}${suffix}`)
}
