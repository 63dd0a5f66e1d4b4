/** Creates Kafka clients. Only this folder uses the client library. */
import { installRecordDecoder, mendConnections } from '@sluice/kafka-records'
import { bearerMechanism, explainedSocket, toKafkajsBrokers } from '@sluice/kafka-records/connecting'
import { Kafka, type KafkaConfig, logLevel } from 'kafkajs'
import { ADVICE, type ClientCertificate, hasPassword, type KafkaAuth, type Login } from './authentication.ts'
import { iamToken } from './iam-token.ts'

export type { Kafka }

export interface KafkaConnection {
  /** Addresses of brokers, as `host:port`. */
  readonly brokers: readonly string[]
  readonly clientId: string
  readonly auth: KafkaAuth
  /**
   * If false, user name and password are sent unencrypted. Connections with `none` are never encrypted; connections with `tls` or
   * `iam` always are.
   */
  readonly encrypted?: boolean
  /** AWS region; required for `iam`. */
  readonly region?: string
  /** Returns user name and password; required for SCRAM and PLAIN. Called for each authentication, so the result may change. */
  readonly login?: () => Login
  /**
   * Returns certificates of trusted authorities in PEM form; by default, the certificates of Node.js. Called for each new
   * connection.
   */
  readonly ca?: () => string
  /** Returns the client certificate for `tls`. Called for each new connection. */
  readonly certificate?: () => ClientCertificate
}

/**
 * Creates a client whose connections and requests time out within seconds. Records that cannot be processed in time stay in Kafka.
 */
export function kafkaClient(connection: KafkaConnection): Kafka {
  mendConnections()
  const kafka = new Kafka({
    clientId: connection.clientId,
    brokers: toKafkajsBrokers(connection.brokers),
    connectionTimeout: 3_000,
    requestTimeout: 10_000,
    retry: { retries: 3, initialRetryTime: 100, maxRetryTime: 1_000 },
    logLevel: logLevel.NOTHING,
    ...buildSecurity(connection),
  })
  installRecordDecoder(kafka)
  return kafka
}

/** Returns the settings for connecting and authenticating, also for programs with their own clients. */
function buildSecurity(connection: KafkaConnection): Partial<KafkaConfig> {
  const { brokers, auth, encrypted = true } = connection
  const ssl = auth !== 'none' && encrypted ? { ssl: buildTls(connection) } : {}
  return {
    socketFactory: ({ ssl, ...place }) => explainedSocket(place, ssl, ADVICE, brokers),
    ...ssl,
    ...buildSasl(connection),
  }
}

/** Returns TLS options with getters, so that certificates are read again for each new connection. */
function buildTls({ ca, certificate }: KafkaConnection): NonNullable<KafkaConfig['ssl']> {
  if (ca === undefined && certificate === undefined) return true
  const read = {
    ...(ca && { ca }),
    ...(certificate && {
      cert: () => certificate().certificate,
      key: () => certificate().privateKey,
      passphrase: () => certificate().passphrase,
    }),
  }
  const properties = Object.entries(read).map(([name, get]) => [name, { get, enumerable: true }])
  return Object.defineProperties({}, Object.fromEntries(properties))
}

function buildSasl({ auth, region, login }: KafkaConnection): Partial<KafkaConfig> {
  if (auth === 'iam') return { sasl: bearerMechanism(() => iamToken(region ?? '')) }
  if (!hasPassword(auth)) return {}
  if (!login) throw new TypeError(`a connection with auth ${auth} needs a login`)
  const sasl = {
    mechanism: auth,
    get username() {
      return login().username
    },
    get password() {
      return login().password
    },
  }
  return { sasl: sasl as KafkaConfig['sasl'] & object }
}
