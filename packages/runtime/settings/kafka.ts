import {
  AUTHENTICATIONS,
  CONNECTIVITIES,
  hasPassword,
  type KafkaAuth,
  type Login,
  type MskConnectivity,
} from '../adapters/kafka/authentication.ts'
import { CONNECTION_STRING_USER, parseConnectionString } from '../adapters/kafka/event-hubs.ts'
import { omitUndefined } from '../consumer/omit-undefined.ts'
import { type SettingValues, type SlicePart, setting, slice } from './slice.ts'
import { createKind, type Kind, LAST_PORT, list, oneOf, onOff, text } from './value-kinds.ts'

/** Matches `arn:partition:kafka:region:account:cluster/name/uuid-n`; the ARN of a serverless cluster ends in `-s1`. */
const CLUSTER_ARN = /^arn:aws[a-z-]*:kafka:[a-z]{2}(?:-[a-z]+)+-\d+:\d{12}:cluster\/[\w-]+\/[0-9a-f-]+-\w+$/

function isBroker(text: string): boolean {
  const port = Number(/^(?:[^\s:/@]+|\[[\da-f:.]+(?:%[a-z\d]+)?\]):(\d{1,5})$/i.exec(text)?.[1])
  return port >= 1 && port <= LAST_PORT
}

/** Addresses of the brokers, as `host:port`. */
const BROKERS = list(isBroker, 'host:port')

const MSK_CLUSTER = text(
  CLUSTER_ARN,
  'the ARN of an MSK cluster: arn:aws:kafka:<region>:<account>:cluster/<name>/<id>',
)

/** Codecs for record batches, with their Kafka names. */
export const COMPRESSIONS = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const

export type Compression = (typeof COMPRESSIONS)[number]

const SECRET = text(/\S/, 'the name or the ARN of a secret')
const FILE = text(/\S/, 'a file')

const CONNECTION_STRING: Kind<string> = createKind(
  string => (parseConnectionString(string) ? string : undefined),
  'Endpoint=sb://…;SharedAccessKeyName=…;SharedAccessKey=…',
)

const SETTINGS = {
  KAFKA_BROKERS: setting('kafka.bootstrap_servers', BROKERS, {
    option: '--brokers <list>',
    description:
      'The brokers to connect to first, as host:port. Either these or `MSK_CLUSTER_ARN` are required.',
    setBy: 'machine',
  }),
  MSK_CLUSTER_ARN: setting('kafka.msk_cluster_arn', MSK_CLUSTER, {
    option: '--cluster-arn <arn>',
    description: 'The cluster on Amazon MSK. Its brokers are looked up, unless `KAFKA_BROKERS` is set.',
    setBy: 'deployment',
  }),
  MSK_CONNECTIVITY: setting('kafka.msk_connectivity', oneOf(CONNECTIVITIES), {
    option: '--msk-connectivity <network>',
    description:
      'Addresses of the brokers to look up: `private`, `public`, or addresses for other networks (`multi-vpc`).',
    default: 'private',
  }),
  KAFKA_AUTH: setting('kafka.auth', oneOf(AUTHENTICATIONS), {
    option: '--auth <how>',
    description:
      'How to [sign in](kafka-security.md). Only `none` is unencrypted, unless `KAFKA_TLS` is `off`.',
    otherwise: '`none` with `KAFKA_BROKERS`, else `iam`',
  }),
  KAFKA_TLS: setting('kafka.tls', onOff(), {
    description: '`off` sends user and password unencrypted. Use it only for a broker on this machine.',
    default: 'on',
  }),
  KAFKA_SECRET: setting('kafka.secret', SECRET, {
    option: '--secret <name>',
    description:
      'The secret with the credentials: `{"username": "…", "password": "…"}` for SCRAM and PLAIN, `{"certificate": "…", "privateKey": "…"}` for a client certificate. It overrides the variables below.',
  }),
  KAFKA_CA_SECRET: setting('kafka.ca_secret', SECRET, {
    description: 'The secret with the certificate of the authority, as `{"certificate": "…"}`.',
    otherwise: 'the authorities that Node.js knows',
  }),
  KAFKA_CA_FILE: setting('kafka.ca_file', FILE, {
    option: '--ca-file <file>',
    description: "The authority's certificate, as a file in PEM form.",
    setBy: 'machine',
  }),
  KAFKA_USERNAME: setting('kafka.username', text(/\S/, 'a name'), {
    option: '--username <name>',
    description: 'The user for SCRAM and PLAIN. The password is in `KAFKA_PASSWORD`.',
    setBy: 'machine',
  }),
  KAFKA_PASSWORD: setting('kafka.password', text(/^/, 'a password'), {
    description: 'Its password.',
    setBy: 'machine',
  }),
  KAFKA_CERT_FILE: setting('kafka.cert_file', FILE, {
    description: 'The client certificate for `KAFKA_AUTH=tls`, in PEM form.',
    setBy: 'machine',
  }),
  KAFKA_KEY_FILE: setting('kafka.key_file', FILE, {
    description: 'Private key of the client certificate, in PEM form and not encrypted.',
    setBy: 'machine',
  }),
  EVENT_HUBS_CONN_STR: setting('kafka.event_hubs', CONNECTION_STRING, {
    option: '--event-hubs-conn-str <string>',
    description: 'A connection string of Azure Event Hubs, as the portal shows it.',
    setBy: 'machine',
  }),
  KAFKA_ISOLATION: setting('kafka.isolation', oneOf(['read-committed', 'read-uncommitted']), {
    description:
      'Records of transactions that the event source mappings deliver. Other readers must see the same records.',
    default: 'read-committed',
  }),
  COMPRESSION: setting('producer.compression', oneOf(COMPRESSIONS), {
    description: 'Compression, by functions of batches of at least 8 KiB.',
    otherwise: '`gzip` on one machine and for Azure Event Hubs, else `lz4`',
  }),
  SLUICE_ONE_MACHINE: setting(onOff(), {
    description: 'Set by `npm start` and Compose.',
    default: 'off',
    setBy: 'runtime',
  }),
  AWS_REGION: setting(text(/^[a-z0-9-]+$/, 'a region'), {
    description: 'Region for which IAM signs, if neither the ARN nor the name of a broker contains it.',
    setBy: 'runtime',
  }),
}

/** Settings for selecting a Kafka cluster and connecting to it. */
export const KAFKA = slice('Kafka', SETTINGS, (settings, refuse) => {
  const access = kafkaAccess(settings, refuse)
  const isEventHubs = access.brokers.some(broker => EVENT_HUBS.test(broker)) || isSignedIn(access)
  return {
    kafka: { ...access, isolation: settings.KAFKA_ISOLATION },
    /** True for Azure Event Hubs, which takes gzip as its only compression. */
    isEventHubs,
    /** True if all servers are on one machine, whatever their addresses are. */
    isOneMachine: settings.SLUICE_ONE_MACHINE,
    /** Compression that a person has chosen; undefined for the usual one of the place. */
    chosenCompression: settings.COMPRESSION,
    // Every client on one machine can read gzip without further packages.
    compression:
      settings.COMPRESSION ??
      (isEventHubs || settings.SLUICE_ONE_MACHINE ? ('gzip' as const) : ('lz4' as const)),
  }
})

/** Matches the Kafka endpoint of a namespace. The emulator is known only by its connection string. */
const EVENT_HUBS = /\.servicebus\.(?:windows\.net|chinacloudapi\.cn|usgovcloudapi\.net):\d+$/i

/** Returns true if a connection string is the password. */
function isSignedIn({ login }: KafkaAccess): boolean {
  return login?.username === CONNECTION_STRING_USER
}

export type KafkaSettings = SlicePart<typeof KAFKA>

/**
 * Address of a cluster and the method to connect. Secrets and files are represented by their names, and `resolveKafkaAccess` reads
 * them.
 */
export interface KafkaAccess {
  /** Addresses of the brokers; empty if the cluster is identified by its ARN. */
  readonly brokers: readonly string[]
  readonly clusterArn?: string
  /** Network through which the brokers are reached; absent for the cluster's private network. */
  readonly connectivity?: MskConnectivity
  readonly auth: KafkaAuth
  /** False if user name and password are sent unencrypted; otherwise absent. */
  readonly encrypted?: false
  readonly secret?: string
  readonly caSecret?: string
  readonly caFile?: string
  readonly login?: Login
  readonly certificate?: { readonly certFile: string; readonly keyFile: string }
  readonly region?: string
}

type Settings = SettingValues<typeof SETTINGS>
type Refuse = (name: keyof Settings, message: string) => void

/**
 * Returns the access to a cluster.
 *
 * @param refuse function that is called for each setting that conflicts with others. If it was called, the result must not be used.
 */
function kafkaAccess(settings: Settings, refuse: Refuse): KafkaAccess {
  const access = settings.EVENT_HUBS_CONN_STR
    ? eventHubsAccess(settings, settings.EVENT_HUBS_CONN_STR, refuse)
    : clusterAccess(settings, refuse)
  const { KAFKA_CA_SECRET: caSecret, KAFKA_CA_FILE: caFile, AWS_REGION } = settings
  const region = access.auth === 'iam' ? (findRegion(access) ?? AWS_REGION) : AWS_REGION
  if (access.auth === 'iam' && access.brokers.length > 0 && !region)
    refuse('AWS_REGION', 'must be the region of the cluster, for which IAM signs')
  return omitUndefined({ ...access, caSecret, caFile, region })
}

/**
 * Returns the access for Event Hubs. The connection string contains all settings; only `KAFKA_BROKERS` can override the address.
 */
function eventHubsAccess(
  { KAFKA_BROKERS, KAFKA_AUTH }: Settings,
  password: string,
  refuse: Refuse,
): KafkaAccess {
  const hubs = parseConnectionString(password)
  if (KAFKA_AUTH !== undefined && KAFKA_AUTH !== 'plain')
    refuse('KAFKA_AUTH', 'must be plain, or not set, with EVENT_HUBS_CONN_STR')
  return omitUndefined({
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
  const unused = (['KAFKA_SECRET', 'KAFKA_USERNAME', 'KAFKA_CERT_FILE'] as const).find(name => settings[name])
  if (unused && settings.KAFKA_AUTH === undefined)
    refuse('KAFKA_AUTH', `must be set where ${unused} is, which has no effect with ${auth}`)
  const takesSecret = auth !== 'none' && auth !== 'iam'
  return omitUndefined({
    brokers,
    clusterArn: MSK_CLUSTER_ARN,
    connectivity: MSK_CONNECTIVITY === 'private' ? undefined : MSK_CONNECTIVITY,
    auth,
    encrypted: KAFKA_TLS ? undefined : (false as const),
    ...(KAFKA_SECRET && takesSecret ? { secret: KAFKA_SECRET } : ownCredentials(settings, auth, refuse)),
  })
}

/** Returns user name and password, or a certificate, that are configured on this machine. */
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

/** Returns the region in the ARN of a cluster, or in the name of a broker such as `b-1.….kafka.eu-west-1.amazonaws.com`. */
function findRegion({ clusterArn, brokers }: KafkaAccess): string | undefined {
  const named = brokers.map(
    broker => /\.kafka(?:-serverless)?\.([a-z0-9-]+)\.amazonaws\.com/.exec(broker)?.[1],
  )
  return (
    named.find(region => region !== undefined) ??
    (brokers.length === 0 ? clusterArn?.split(':')[3] : undefined)
  )
}
