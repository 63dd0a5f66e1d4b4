/** From the settings of Kafka to where the cluster is and how to sign in there. Pure. */
import {
  hasPassword,
  type KafkaAuth,
  type Login,
  type MskConnectivity,
} from '../adapters/kafka/authentication.ts'
import { CONNECTION_STRING_USER, parseConnectionString } from '../adapters/kafka/event-hubs.ts'
import { defined } from '../consumer/defined.ts'

/** Where a cluster is, and how to connect to it. Names of secrets and files: `kafkaConnection` reads them. */
export interface KafkaAccess {
  /** Empty if the cluster is named by its ARN. */
  readonly brokers: readonly string[]
  readonly clusterArn?: string
  /** Absent if brokers in the cluster's private network are meant. */
  readonly connectivity?: MskConnectivity
  readonly auth: KafkaAuth
  /** Present if user and password are sent in plain text. */
  readonly encrypted?: false
  readonly secret?: string
  readonly caSecret?: string
  readonly caFile?: string
  readonly login?: Login
  readonly certificate?: { readonly certFile: string; readonly keyFile: string }
  readonly region?: string
}

/** The values of the variables with these names. */
interface Settings {
  readonly KAFKA_BROKERS: readonly string[] | undefined
  readonly MSK_CLUSTER_ARN: string | undefined
  readonly MSK_CONNECTIVITY: MskConnectivity
  readonly KAFKA_AUTH: KafkaAuth | undefined
  readonly KAFKA_TLS: boolean
  readonly KAFKA_SECRET: string | undefined
  readonly KAFKA_CA_SECRET: string | undefined
  readonly KAFKA_CA_FILE: string | undefined
  readonly KAFKA_USERNAME: string | undefined
  readonly KAFKA_PASSWORD: string | undefined
  readonly KAFKA_CERT_FILE: string | undefined
  readonly KAFKA_KEY_FILE: string | undefined
  readonly EVENT_HUBS_CONN_STR: string | undefined
  readonly AWS_REGION: string | undefined
}

type Refuse = (name: keyof Settings, message: string) => void

/** @param refuse is told of each setting that does not fit the others; the result is then not used */
export function kafkaAccess(settings: Settings, refuse: Refuse): KafkaAccess {
  const access = settings.EVENT_HUBS_CONN_STR
    ? eventHubsAccess(settings, settings.EVENT_HUBS_CONN_STR, refuse)
    : clusterAccess(settings, refuse)
  const { KAFKA_CA_SECRET: caSecret, KAFKA_CA_FILE: caFile, AWS_REGION } = settings
  const region = access.auth === 'iam' ? (regionIn(access) ?? AWS_REGION) : AWS_REGION
  if (access.auth === 'iam' && access.brokers.length > 0 && !region)
    refuse('AWS_REGION', 'must be the region of the cluster, for which IAM signs')
  return defined({ ...access, caSecret, caFile, region })
}

/** The connection string says everything; only `KAFKA_BROKERS` can name another address. */
function eventHubsAccess(
  { KAFKA_BROKERS, KAFKA_AUTH }: Settings,
  password: string,
  refuse: Refuse,
): KafkaAccess {
  const hubs = parseConnectionString(password)
  if (KAFKA_AUTH !== undefined && KAFKA_AUTH !== 'plain')
    refuse('KAFKA_AUTH', 'must be plain, or not set, with EVENT_HUBS_CONN_STR')
  return defined({
    brokers: KAFKA_BROKERS ?? (hubs ? [hubs.broker] : []),
    auth: 'plain',
    encrypted: hubs?.isEncrypted === false ? (false as const) : undefined,
    login: { username: CONNECTION_STRING_USER, password },
  })
}

function clusterAccess(settings: Settings, refuse: Refuse): KafkaAccess {
  const { KAFKA_BROKERS, MSK_CLUSTER_ARN, MSK_CONNECTIVITY, KAFKA_TLS, KAFKA_SECRET } = settings
  const brokers = KAFKA_BROKERS ?? []
  const auth = settings.KAFKA_AUTH ?? (brokers.length > 0 ? 'none' : 'iam')
  if (brokers.length === 0 && !MSK_CLUSTER_ARN)
    refuse('KAFKA_BROKERS', 'must name the cluster, unless MSK_CLUSTER_ARN does')
  if (brokers.length === 0 && (auth === 'plain' || auth === 'scram-sha-256'))
    refuse(
      'KAFKA_AUTH',
      'must be one of none, tls, iam, scram-sha-512 with MSK_CLUSTER_ARN: MSK has no other',
    )
  if (brokers.length === 0 && auth === 'none' && MSK_CONNECTIVITY !== 'private')
    refuse(
      'KAFKA_AUTH',
      `must not be none with MSK_CONNECTIVITY=${MSK_CONNECTIVITY}, which is always encrypted`,
    )
  if (!KAFKA_TLS && !hasPassword(auth))
    refuse('KAFKA_TLS', 'must not be off: that is for scram-sha-256, scram-sha-512 and plain')
  const takesSecret = auth !== 'none' && auth !== 'iam'
  return defined({
    brokers,
    clusterArn: MSK_CLUSTER_ARN,
    connectivity: MSK_CONNECTIVITY === 'private' ? undefined : MSK_CONNECTIVITY,
    auth,
    encrypted: KAFKA_TLS ? undefined : (false as const),
    ...(KAFKA_SECRET && takesSecret ? { secret: KAFKA_SECRET } : ownCredentials(settings, auth, refuse)),
  })
}

/** User and password, or a certificate, from this machine. */
function ownCredentials(settings: Settings, auth: KafkaAuth, refuse: Refuse): Partial<KafkaAccess> {
  const { KAFKA_USERNAME: username, KAFKA_PASSWORD: password } = settings
  const { KAFKA_CERT_FILE: certFile, KAFKA_KEY_FILE: keyFile } = settings
  if (hasPassword(auth)) {
    if (username !== undefined && password !== undefined) return { login: { username, password } }
    const missing = username === undefined ? 'KAFKA_USERNAME' : 'KAFKA_PASSWORD'
    refuse(missing, `must be set for KAFKA_AUTH=${auth}, unless KAFKA_SECRET names a secret`)
  }
  if (auth !== 'tls') return {}
  if (certFile && keyFile) return { certificate: { certFile, keyFile } }
  if (certFile) refuse('KAFKA_KEY_FILE', 'must name the key of KAFKA_CERT_FILE')
  if (keyFile) refuse('KAFKA_CERT_FILE', 'must name the certificate of KAFKA_KEY_FILE')
  return {}
}

/** The region in the ARN of a cluster, or in the name of a broker: `b-1.….kafka.eu-west-1.amazonaws.com`. */
function regionIn({ clusterArn, brokers }: KafkaAccess): string | undefined {
  const named = brokers.map(
    broker => /\.kafka(?:-serverless)?\.([a-z0-9-]+)\.amazonaws\.com/.exec(broker)?.[1],
  )
  return (
    named.find(region => region !== undefined) ??
    (brokers.length === 0 ? clusterArn?.split(':')[3] : undefined)
  )
}
