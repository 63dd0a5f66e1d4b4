/** The ways to connect to a cluster and to sign in there. Loads no library. */

export const AUTHENTICATIONS = ['none', 'tls', 'iam', 'scram-sha-256', 'scram-sha-512', 'plain'] as const

/**
 * `none` is plain text; `tls` encrypts, and shows a certificate where there is one; `iam` signs in with the AWS credentials of the
 * process, the others with user and password.
 */
export type KafkaAuth = (typeof AUTHENTICATIONS)[number]

/** Whether a user signs in with a password. */
export function hasPassword(auth: KafkaAuth): auth is 'scram-sha-256' | 'scram-sha-512' | 'plain' {
  return auth === 'scram-sha-256' || auth === 'scram-sha-512' || auth === 'plain'
}

export const CONNECTIVITIES = ['private', 'public', 'multi-vpc'] as const

/** From which network the brokers of an MSK cluster are reached. */
export type MskConnectivity = (typeof CONNECTIVITIES)[number]

export interface Login {
  readonly username: string
  readonly password: string
}

/** What a client shows to prove who it is, in PEM form. */
export interface ClientCertificate {
  readonly certificate: string
  readonly privateKey: string
  /** Where the key is encrypted. */
  readonly passphrase?: string
}
