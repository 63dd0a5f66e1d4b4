import {
  array,
  check,
  exactOptional,
  type GenericSchema,
  pipe,
  record,
  string,
  transform,
  union,
} from 'valibot'
import { ConfigurationError } from '../support/framework.ts'
import { withoutLogin } from '../support/values.ts'
import { type KafkaEvent, nameOf } from './event-settings.ts'
import { isIntrinsic } from './intrinsics.ts'
import { SASL, type SaslSettings, SSL, type TlsSettings } from './security.ts'
import { hiddenMap, must, mustBe } from './setting-errors.ts'

/** The settings of a cluster as messages name them. */
export interface ClusterSettingNames {
  readonly brokers: string
  readonly ssl: string
  readonly sasl: string
  /** The section of the settings in which credentials can be set instead. */
  readonly override?: string
}

/** Brokers that event sources read from, and how clients sign in there. */
export interface ClusterSettings {
  readonly brokers: readonly string[]
  /** The encryption of connections to the brokers; false is plain text. */
  readonly ssl: boolean | TlsSettings
  /** How clients sign in to the brokers, if they do. */
  readonly sasl: SaslSettings | undefined
  readonly names: ClusterSettingNames
}

/** An entry of `custom.mskTrigger.clusters`. */
interface LocalCluster {
  readonly brokers?: readonly string[]
  readonly ssl?: boolean | TlsSettings
  readonly sasl?: SaslSettings
}

/** `custom.mskTrigger.clusters`: by the ARN or the name of a cluster, or by one of its bootstrap servers. */
export type LocalClusters = Readonly<Record<string, LocalCluster>>

/** The brokers that the settings name for events without a cluster of their own. */
export interface KnownClusters {
  readonly brokers: readonly string[]
  readonly clusters: LocalClusters
}

/** The name of a cluster in the cloud, as far as an event tells it. */
export interface CloudCluster {
  /** Absent for a self-managed cluster. */
  readonly eventSourceArn?: string
  /** Absent for a cluster of MSK. */
  readonly bootstrapServers?: readonly string[]
}

/** How messages name the settings of `custom.mskTrigger`. */
export const DEFAULT_NAMES: ClusterSettingNames = {
  ...settingNames('custom.mskTrigger'),
  brokers: 'custom.mskTrigger.brokers, or KAFKA_BROKERS',
}

/** These values can have a login, though an address of a broker must not. */
const BROKERS: ReturnType<typeof must> = issue => withoutLogin(must('a list of host:port')(issue))

/** A list of brokers, or one text with commas. */
export const BROKER_LIST = pipe(
  union([string(), array(string())], BROKERS),
  check(given => listed(given).length > 0 && listed(given).every(isBroker), BROKERS),
  transform(listed),
)

export const CLUSTERS = record(
  string(),
  hiddenMap({ brokers: exactOptional(BROKER_LIST), ssl: exactOptional(SSL), sasl: exactOptional(SASL) }),
  mustBe('a map of clusters'),
) as GenericSchema<unknown, LocalClusters>

/** IAM is always encrypted. */
export function encryptionOf({
  ssl,
  sasl,
}: {
  readonly ssl?: boolean | TlsSettings | undefined
  readonly sasl?: SaslSettings | undefined
}): boolean | TlsSettings {
  return ssl ?? sasl?.mechanism === 'aws-msk-iam'
}

/**
 * Returns the cluster that an event reads from, undefined for the brokers of the settings. An entry of the settings decides.
 * Without one, an event reads from its own bootstrap servers if they are on this machine, or if the settings have no
 * brokers: one that is set keeps a local run away from a cluster in the cloud.
 *
 * @throws ConfigurationError for an entry without brokers, if the event has none either
 */
export function clusterOf(
  kafkaEvent: KafkaEvent,
  cloud: CloudCluster,
  { brokers, clusters }: KnownClusters,
): ClusterSettings | undefined {
  const own = ownCluster(kafkaEvent, cloud)
  const key = keysOf(cloud).find(one => Object.hasOwn(clusters, one))
  const entry = key === undefined ? undefined : clusters[key]
  if (!entry) return own && (brokers.length === 0 || own.brokers.every(isOnThisMachine)) ? own : undefined
  const at = entry.brokers ?? own?.brokers
  const names = settingNames(`custom.mskTrigger.clusters.${key}`)
  if (!at) throw new ConfigurationError(`${names.brokers} must be a list of host:port, not nothing`)
  if (own && !entry.brokers && entry.ssl === undefined && !entry.sasl) return own
  return { brokers: at, ssl: encryptionOf(entry), sasl: entry.sasl, names }
}

/** Returns warnings about entries of the settings that no event uses, a line each. */
export function unusedClusters(clouds: readonly CloudCluster[], clusters: LocalClusters): string[] {
  const used = new Set(clouds.flatMap(keysOf))
  return Object.keys(clusters)
    .filter(key => !used.has(key))
    .map(
      key =>
        `custom.mskTrigger.clusters.${key} is not read: no enabled event has a cluster of this ARN or name, or this bootstrap server`,
    )
}

/** The cluster in the cloud as one text. */
export function cloudName({ eventSourceArn, bootstrapServers = [] }: CloudCluster): string {
  return eventSourceArn ?? bootstrapServers.join(',')
}

/** Returns the addresses of a `kafka` event, undefined if they are unknown on this machine. */
export function bootstrapServersIn(servers: unknown): readonly string[] | undefined {
  const isKnown =
    Array.isArray(servers) && servers.length > 0 && servers.every(one => typeof one === 'string')
  return isKnown && !servers.some(isIntrinsic) ? servers : undefined
}

function settingNames(section: string): ClusterSettingNames {
  return { brokers: `${section}.brokers`, ssl: `${section}.ssl`, sasl: `${section}.sasl` }
}

function keysOf({ eventSourceArn, bootstrapServers = [] }: CloudCluster): string[] {
  const name = eventSourceArn?.split('/')[1]
  return [
    ...(eventSourceArn === undefined ? [bootstrapServers.join(',')] : [eventSourceArn]),
    ...(name === undefined ? [] : [name]),
    ...bootstrapServers,
  ]
}

/** The credentials of `accessConfigurations`, each a list with the ARN of a secret, by mechanism. */
const MECHANISMS = {
  saslScram512Auth: 'scram-sha-512',
  saslScram256Auth: 'scram-sha-256',
  saslPlainAuth: 'plain',
} as const

/** The cluster of a `kafka` event as the event describes it. Lambda encrypts wherever it signs in. */
function ownCluster(kafkaEvent: KafkaEvent, { bootstrapServers }: CloudCluster): ClusterSettings | undefined {
  if (!bootstrapServers?.every(isBroker)) return undefined
  const access = (kafkaEvent.event.accessConfigurations ?? {}) as Readonly<Record<string, unknown>>
  const secretOf = (name: string) => [access[name]].flat().find(one => typeof one === 'string')
  const [name, mechanism] = Object.entries(MECHANISMS).find(([one]) => secretOf(one)) ?? []
  const [ca, certificate] = [secretOf('serverRootCaCertificate'), secretOf('clientCertificateTlsAuth')]
  const secret = name && secretOf(name)
  const isEncrypted = (secret ?? ca ?? certificate) !== undefined
  const credentials = `accessConfigurations of the ${nameOf(kafkaEvent)}`
  return {
    brokers: bootstrapServers,
    ssl: isEncrypted && { ...(ca && { ca }), ...(certificate && { secret: certificate }) },
    sasl: mechanism && secret ? { mechanism, secret } : undefined,
    names: {
      brokers: `bootstrapServers of the ${nameOf(kafkaEvent)}`,
      ssl: credentials,
      sasl: credentials,
      override: `custom.mskTrigger.clusters.${bootstrapServers.join(',')}`,
    },
  }
}

function isOnThisMachine(broker: string): boolean {
  return /^(localhost|127\.[\d.]+|\[::1\]):/.test(broker)
}

function listed(given: string | string[]): string[] {
  return typeof given === 'string' ? given.split(',').map(broker => broker.trim()) : given
}

function isBroker(entry: string): boolean {
  const [, port] = /^(?:[^\s,:]+|\[[^\]]+\]):(\d+)$/.exec(entry) ?? []
  return Number(port) >= 1 && Number(port) <= 65_535
}
