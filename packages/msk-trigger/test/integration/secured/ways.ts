/** The ways to connect to the broker of these tests, and to sign in there. */
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import process from 'node:process'
import { IAM, type SecuredKafka } from '../../../../../test/support/secured-kafka.ts'
import { iamToken } from '../../../access/oauth-token.ts'
import { ca, kafka, plain, scram, secrets } from './broker.ts'

export interface Way {
  readonly how: string
  readonly listener: keyof SecuredKafka
  /** Settings of the plugin. */
  security(): object | Promise<object>
}

export const WAYS: readonly Way[] = [
  { how: 'with TLS', listener: 'tls', security: () => ({ ssl: ca() }) },
  {
    how: 'with TLS, the authority as text',
    listener: 'tls',
    security: () => ({ ssl: { ca: kafka.certificates.ca } }),
  },
  {
    how: 'with TLS, the authority in a secret',
    listener: 'tls',
    security: () => ({ ssl: { ca: secrets.ca } }),
  },
  {
    how: 'with TLS, without a look at the certificate',
    listener: 'tls',
    security: () => ({ ssl: { rejectUnauthorized: false } }),
  },
  {
    how: 'with a client certificate in files',
    listener: 'mutualTls',
    security: () => ({ ssl: { ...ca(), cert: kafka.client.certFile, key: kafka.client.keyFile } }),
  },
  {
    how: 'with a client certificate in a secret',
    listener: 'mutualTls',
    security: () => ({ ssl: { ...ca(), secret: secrets.certificate } }),
  },
  {
    how: 'with PLAIN',
    listener: 'sasl',
    security: () => ({ ssl: ca(), sasl: { mechanism: 'plain', ...plain } }),
  },
  {
    how: 'with SCRAM-SHA-256',
    listener: 'sasl',
    security: () => ({ ssl: ca(), sasl: { mechanism: 'scram-sha-256', ...scram } }),
  },
  {
    how: 'with SCRAM-SHA-512, in the spelling of Java, and a secret',
    listener: 'sasl',
    security: () => ({ ssl: ca(), sasl: { mechanism: 'SCRAM-SHA-512', secret: secrets.scram } }),
  },
  {
    how: 'with SCRAM in plain text',
    listener: 'saslInPlainText',
    security: () => ({ sasl: { mechanism: 'scram-sha-512', ...scram } }),
  },
  {
    how: 'with IAM',
    listener: 'sasl',
    security: () => ({ ssl: ca(), sasl: { mechanism: 'aws-msk-iam', region: IAM.region } }),
  },
  {
    how: 'with a token from an OAuth endpoint',
    listener: 'sasl',
    security: async () => ({
      ssl: ca(),
      sasl: {
        mechanism: 'oauthbearer',
        tokenEndpoint: await tokenEndpoint(),
        clientId: 'me',
        clientSecret: 'client-pw',
      },
    }),
  },
]

let server: Server | undefined
const usual = process.env

/** Until `closeTokenEndpoint`, this process has the credentials that the listener for IAM knows. */
export function useIamCredentials(): void {
  process.env = { ...usual, AWS_ACCESS_KEY_ID: IAM.accessKey, AWS_SECRET_ACCESS_KEY: IAM.secretKey }
}

export function closeTokenEndpoint(): void {
  process.env = usual
  server?.closeAllConnections()
  server?.close()
}

/** Gives tokens of IAM, because the listener knows no others. */
async function tokenEndpoint(): Promise<string> {
  if (!server) {
    server = createServer(async (_, response) => {
      const { value } = await iamToken(IAM.region)
      response.end(JSON.stringify({ access_token: value, expires_in: 900 }))
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
  }
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/token`
}
