import {
  boolean,
  check,
  exactOptional,
  forward,
  integer,
  lazy,
  minValue,
  nullish,
  number,
  object,
  optional,
  pipe,
  record,
  regex,
  safeParse,
  string,
  transform,
} from 'valibot'
import { ConfigurationError } from '../support/framework.ts'
import { isObject, kindOf, withoutLogin } from '../support/values.ts'
import { BROKER_LIST, CLUSTERS, encryptionOf, type LocalClusters } from './clusters.ts'
import { DEFAULT_OPEN_CHOICES, OPEN_CHOICES, type OpenChoices } from './open-choices.ts'
import {
  type LoginSettings,
  REGISTRY_AUTH,
  REGISTRY_SSL,
  SASL,
  type SaslSettings,
  SSL,
  type TlsSettings,
} from './security.ts'
import { configurationError, must, settingsMap, wholeNumber, withoutNull } from './setting-errors.ts'

/** The settings under `custom.mskTrigger` that also count without a Kafka, in `package` and `deploy`. */
interface TemplateSettings {
  /** Whether functions learn from their environment that their response is read. */
  readonly announceResponseType: boolean
  readonly importValues: Readonly<Record<string, string>>
}

const IMPORTS = must('a map of texts, by the names of the exports')
const VALUE = must('a text')

const TEMPLATE_SETTINGS = {
  announceResponseType: nullish(boolean(must('true or false')), false),
  importValues: nullish(record(string(), string(VALUE), IMPORTS), {}),
}

/** Reads these settings, and leaves the others to where they are used. @throws ConfigurationError naming each wrong one */
export function readTemplateSettings(custom: unknown): TemplateSettings {
  const { output, issues } = safeParse(object(TEMPLATE_SETTINGS), isObject(custom) ? custom : {})
  if (!issues) return output
  throw configurationError(issues, path => ['custom.mskTrigger', ...path].join('.'))
}

export interface NewTopic {
  /** -1 means as many as the broker gives a topic by default: its `num.partitions`. */
  readonly partitions: number
  /** -1 means the broker's `default.replication.factor`. */
  readonly replicationFactor: number
}

const AS_THE_BROKER_DOES: NewTopic = { partitions: -1, replicationFactor: -1 }

const MAP = settingsMap({
  partitions: exactOptional(wholeNumber(1, 10_000)),
  replicationFactor: exactOptional(wholeNumber(1, 100)),
})

const SWITCH = boolean(must('true, false or { partitions, replicationFactor }'))

/** `createTopics`: true, false, or a map. Undefined where no topic is created. */
const CREATE_TOPICS = pipe(
  lazy<typeof MAP | typeof SWITCH>(given => (isObject(given) ? MAP : SWITCH)),
  transform((given): NewTopic | undefined => {
    if (typeof given !== 'boolean') return { ...AS_THE_BROKER_DOES, ...given }
    return given ? AS_THE_BROKER_DOES : undefined
  }),
)

/** The settings under `custom.mskTrigger`. Durations are in milliseconds. */
export interface Settings extends TemplateSettings {
  /** Empty if every event has a cluster of its own. */
  readonly brokers: readonly string[]
  /** The local brokers of single clusters, instead of `brokers`. */
  readonly clusters: LocalClusters
  readonly clientId: string
  /** The delay before a failed batch is redelivered; it doubles with every further failure. */
  readonly retryDelayMs: number
  readonly maxRetryDelayMs: number
  /** After this time without a heartbeat, the broker reassigns the partitions of a process that was killed. */
  readonly sessionTimeoutMs: number
  readonly createTopics: NewTopic | undefined
  /** Creates the queues, topics of SNS and buckets of `resources` that are missing in what stands in for AWS. */
  readonly createResources: boolean
  readonly invocationLines: boolean
  /** The local registry, used instead of the one that an event names for the cloud. */
  readonly schemaRegistry: string | undefined
  readonly ssl: boolean | TlsSettings
  readonly sasl: SaslSettings | undefined
  /** How to log in to the registry, instead of with the login in its address. */
  readonly registryAuth: LoginSettings | undefined
  /** Certificates for a registry whose address has `https`. */
  readonly registrySsl: TlsSettings | undefined
  /** The Unix socket over which tests inject faults. */
  readonly faults: string | undefined
  /** A file to which reports about stalled consumers are appended, one JSON line each. */
  readonly reports: string | undefined
  readonly open: OpenChoices
}

const ADDRESS: ReturnType<typeof must> = issue =>
  withoutLogin(must('an address like http://127.0.0.1:8081')(issue))
const TEXT = must('a text')

const text = pipe(string(TEXT), regex(/./s, TEXT))

function milliseconds(least: number) {
  const message = must(`whole milliseconds, at least ${least}`)
  return pipe(number(message), integer(message), minValue(least, message))
}

const SCHEMA = pipe(
  settingsMap({
    brokers: optional(BROKER_LIST),
    clusters: optional(CLUSTERS, {}),
    clientId: optional(text, 'msk-trigger'),
    retryDelayMs: optional(milliseconds(0), 200),
    maxRetryDelayMs: optional(milliseconds(0), 30_000),
    // Kafka's own lower bound, group.min.session.timeout.ms.
    sessionTimeoutMs: optional(milliseconds(6_000), 10_000),
    createTopics: optional(CREATE_TOPICS),
    createResources: optional(boolean(must('true or false')), false),
    invocationLines: optional(boolean(must('true or false')), false),
    schemaRegistry: optional(pipe(string(ADDRESS), check(isAddress, ADDRESS))),
    ssl: optional(SSL),
    sasl: optional(SASL),
    registryAuth: optional(REGISTRY_AUTH),
    registrySsl: optional(REGISTRY_SSL),
    faults: optional(text),
    reports: optional(text),
    open: optional(OPEN_CHOICES, DEFAULT_OPEN_CHOICES),
    ...TEMPLATE_SETTINGS,
  }),
  forward(
    check(
      ({ retryDelayMs, maxRetryDelayMs }) => maxRetryDelayMs >= retryDelayMs,
      'must not be less than retryDelayMs',
    ),
    ['maxRetryDelayMs'],
  ),
  forward(
    check(
      ({ ssl, sasl }) => ssl !== false || sasl?.mechanism !== 'aws-msk-iam',
      'must not be false: a listener with IAM is always encrypted',
    ),
    ['ssl'],
  ),
)

const NOT_SET = {
  createTopics: undefined,
  schemaRegistry: undefined,
  sasl: undefined,
  registryAuth: undefined,
  registrySsl: undefined,
  faults: undefined,
  reports: undefined,
}

/** Variables that win over a setting, so that one configuration serves wherever the servers happen to run. */
const VARIABLES: Readonly<Record<string, string>> = {
  brokers: 'KAFKA_BROKERS',
  schemaRegistry: 'SCHEMA_REGISTRY_URL',
  reports: 'MSK_TRIGGER_REPORTS',
}

/** Reads and checks `custom.mskTrigger`. @throws ConfigurationError naming each wrong or unknown setting, and what it must be */
export function readSettings(custom: unknown, env: Readonly<Record<string, string | undefined>>): Settings {
  const given = custom ?? {}
  if (!isObject(given)) throw new ConfigurationError(`custom.mskTrigger must be a map, not ${kindOf(given)}`)
  const variables = Object.entries(VARIABLES).filter(([, variable]) => env[variable])
  const input = { ...given, ...Object.fromEntries(variables.map(([key, variable]) => [key, env[variable]])) }
  const { output, issues } = safeParse(SCHEMA, withoutNull(input))
  if (!issues) return { ...NOT_SET, ...output, brokers: output.brokers ?? [], ssl: encryptionOf(output) }
  const byVariable = new Map(variables)
  throw configurationError(
    issues,
    path =>
      (path.length === 1 && byVariable.get(String(path[0]))) || ['custom.mskTrigger', ...path].join('.'),
  )
}

function isAddress(value: string): boolean {
  return /^https?:$/.test(URL.parse(value)?.protocol ?? '')
}
