/** Methods of connecting and authenticating to a cluster. This file imports no client library. */

export const AUTHENTICATIONS = ['none', 'tls', 'iam', 'scram-sha-256', 'scram-sha-512', 'plain'] as const

/**
 * Method of connecting: `none` is unencrypted; `tls` encrypts and may use a client certificate; `iam` authenticates with AWS
 * credentials; all others use a password.
 */
export type KafkaAuth = (typeof AUTHENTICATIONS)[number]

export function hasPassword(auth: KafkaAuth): auth is 'scram-sha-256' | 'scram-sha-512' | 'plain' {
  return auth === 'scram-sha-256' || auth === 'scram-sha-512' || auth === 'plain'
}

export const CONNECTIVITIES = ['private', 'public', 'multi-vpc'] as const

export type MskConnectivity = (typeof CONNECTIVITIES)[number]

export interface Login {
  readonly username: string
  readonly password: string
}

export interface ClientCertificate {
  readonly certificate: string
  readonly privateKey: string
  readonly passphrase?: string
}

/** Settings to correct, for each failure of a connection. */
export const ADVICE = {
  unknownAuthority: "KAFKA_CA_FILE (--ca-file) must name the authority's certificate",
  tlsExpected: 'KAFKA_AUTH (--auth) must not be none, and KAFKA_TLS must not be off',
  plainTextExpected: 'if its listener is in plain text, KAFKA_AUTH (--auth) must be none, or KAFKA_TLS off',
  certificateWanted: 'name it with KAFKA_CERT_FILE and KAFKA_KEY_FILE, or with KAFKA_SECRET',
} as const
