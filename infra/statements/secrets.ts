/** Readable secrets in Secrets Manager. Pure. */
import { allow, arnHere, type Statement } from '../arn.ts'

const SECRET_ARN = /^arn:aws[a-z-]*:secretsmanager:/

/** Whether this is the ARN of a secret, and not its name. */
export function isSecretArn(nameOrArn: string): boolean {
  return SECRET_ARN.test(nameOrArn)
}

/** @param secrets names or ARNs; a name that ends in `/*` stands for all below it */
export function readSecrets(...secrets: readonly string[]): Statement {
  return allow(['secretsmanager:GetSecretValue'], secrets.map(secretArn))
}

/**
 * Secrets Manager ends each ARN in "-" and six characters, which a name does not contain: any other length would be another
 * secret.
 */
export function secretArn(nameOrArn: string): string | object {
  if (isSecretArn(nameOrArn)) return nameOrArn
  const suffix = nameOrArn.endsWith('/*') ? '' : '-??????'
  return arnHere('secretsmanager', `secret:${nameOrArn}${suffix}`)
}
