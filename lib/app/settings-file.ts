/**
 * Reads the settings file, a YAML file with settings of functions and commands. Each key corresponds to an environment variable and
 * applies only if the variable is not set.
 */

import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { safeParse } from 'valibot'
import { ConfigError, type Environment, type Setting } from '#runtime/settings/index.ts'
import { describeReadError, type FilePath } from '../support/file-errors.ts'
import { isObject } from '../support/json.ts'
import { unknownKey } from '../support/suggestion.ts'
import { yamlDocument } from '../support/yaml-document.ts'
import { positionsIn } from '../support/yaml-positions.ts'
import { SLICES } from './config.ts'
import { LOCAL_PORTS } from './settings/index.ts'

/** Environment variables by section and key of the settings file. */
export const FILE_KEYS = {
  kafka: {
    bootstrap_servers: 'KAFKA_BROKERS',
    topic: 'KAFKA_TOPIC',
    topics: 'TOPIC_NAMES',
    partitions: 'PARTITIONS',
    org: 'ORG',
    domain: 'DOMAIN',
    environment: 'SLUICE_ENV',
    group: 'GROUP_NAME',
    auth: 'KAFKA_AUTH',
    tls: 'KAFKA_TLS',
    username: 'KAFKA_USERNAME',
    password: 'KAFKA_PASSWORD',
    secret: 'KAFKA_SECRET',
    ca_file: 'KAFKA_CA_FILE',
    ca_secret: 'KAFKA_CA_SECRET',
    cert_file: 'KAFKA_CERT_FILE',
    key_file: 'KAFKA_KEY_FILE',
    msk_cluster_arn: 'MSK_CLUSTER_ARN',
    msk_connectivity: 'MSK_CONNECTIVITY',
    event_hubs: 'EVENT_HUBS_CONN_STR',
    isolation: 'KAFKA_ISOLATION',
  },
  inputs: {
    username: 'INPUT_KAFKA_USERNAME',
    password: 'INPUT_KAFKA_PASSWORD',
    ca_file: 'INPUT_KAFKA_CA_FILE',
  },
  redis: { url: 'REDIS_URL', mode: 'REDIS_MODE', secret: 'REDIS_SECRET' },
  schema_registry: { url: 'SCHEMA_REGISTRY_URL', secret: 'SCHEMA_REGISTRY_SECRET' },
  producer: {
    profile: 'PRODUCER_PROFILE',
    serialization: 'SERIALIZATION',
    content_mode: 'CONTENT_MODE',
    compression: 'COMPRESSION',
    batch_size: 'PRODUCER_BATCH_SIZE',
    batch_bytes: 'PRODUCER_BATCH_BYTES',
    linger_ms: 'PRODUCER_LINGER_MS',
    acks: 'PRODUCER_ACKS',
    retries: 'PRODUCER_RETRIES',
    retry_backoff_ms: 'PRODUCER_RETRY_BACKOFF_MS',
    partition_key_field: 'PARTITION_KEY_FIELD',
  },
  telemetry: {
    sensors: 'GENERATOR_METRICS',
    sample_rate: 'GENERATOR_SAMPLE_RATE',
    file: 'GENERATOR_FILE',
    parameter: 'GENERATOR_PARAMETER',
  },
  cloudevents: { source: 'CLOUDEVENTS_SOURCE', dataschema: 'CLOUDEVENTS_DATASCHEMA' },
  consumers: {
    id_window_seconds: 'ID_WINDOW_SECONDS',
    failure_memory_mib: 'FAILURE_MEMORY_MIB',
    new_entities_per_day: 'NEW_ENTITIES_PER_DAY',
    future_tolerance_seconds: 'FUTURE_TOLERANCE_SECONDS',
    earliest_time: 'EARLIEST_TIME',
    log_time: 'LOG_TIME',
    since: 'SLUICE_SINCE',
    clock_seconds: 'CLOCK_SECONDS',
  },
  folders: {
    families: 'FAMILIES_DIR',
    rules: 'RULES_DIR',
    notifications: 'NOTIFICATIONS_DIR',
    failures: 'FAILURES_DIR',
    mappings: 'MAPPINGS_DIR',
    inputs: 'INPUTS_FILE',
    views: 'VIEWS_DIR',
  },
  history: {
    bucket: 'HISTORY_BUCKET',
    retention: 'HISTORY_RETENTION',
  },
  storage: { url: 'STORAGE_URL', secret: 'STORAGE_SECRET', reader_secret: 'STORAGE_READER_SECRET' },
  notifications: { topic_arn: 'ALERTS_TOPIC_ARN' },
  console: { secret: 'CONSOLE_SECRET' },
  aws: { endpoint: 'AWS_ENDPOINT_URL' },
  spans: {
    endpoint: 'OTEL_EXPORTER_OTLP_ENDPOINT',
    headers: 'OTEL_EXPORTER_OTLP_HEADERS',
    headers_secret: 'OTEL_HEADERS_SECRET',
    sampler: 'OTEL_TRACES_SAMPLER',
    sampler_arg: 'OTEL_TRACES_SAMPLER_ARG',
    service_name: 'OTEL_SERVICE_NAME',
  },
  logging: { level: 'LOG_LEVEL' },
  ports: {
    kafka: 'KAFKA_PORT',
    redis: 'REDIS_PORT',
    aws: 'AWS_PORT',
    registry: 'REGISTRY_PORT',
    lambda: 'LAMBDA_PORT',
    console: 'CONSOLE_PORT',
    kafka_ui: 'KAFKA_UI_PORT',
    ksql: 'KSQL_PORT',
  },
} as const satisfies Readonly<Record<string, Readonly<Record<string, string>>>>

const KEYS: Readonly<Record<string, Readonly<Record<string, string>>>> = FILE_KEYS

/** All settings of functions and commands, by environment variable. */
export const SETTINGS: Readonly<Record<string, Setting>> = Object.assign(
  {},
  ...[...SLICES, LOCAL_PORTS].map(({ settings }) => settings),
)

/**
 * Groups of variables that configure the same thing. If one variable of a group is set, the file's values for the whole group are
 * ignored.
 */
const SAME: readonly (readonly string[])[] = [
  ['KAFKA_BROKERS', 'KAFKA_PORT', 'MSK_CLUSTER_ARN', 'EVENT_HUBS_CONN_STR'],
  ['KAFKA_USERNAME', 'KAFKA_SECRET'],
  ['KAFKA_CA_FILE', 'KAFKA_CA_SECRET'],
  ['REDIS_URL', 'REDIS_PORT'],
  ['KAFKA_TOPIC', 'TOPIC_NAMES'],
]

/**
 * Returns the environment, completed with values from the settings file named by SLUICE_CONFIG or by a command-line option.
 *
 * @param named path given as an option
 * @param folder base folder of relative paths
 * @throws ConfigError with every error and its line
 */
export function settingsIn(environment: Environment, named: string | undefined, folder: string): Environment {
  const file = named ?? environment.SLUICE_CONFIG?.trim()
  if (!file) return environment
  return withSettingsFile(environment, readSettingsFile(readText(resolve(folder, file), file), file))
}

function readText(path: string, file: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    throw new ConfigError(file, [describeReadError(error as NodeJS.ErrnoException)])
  }
}

/**
 * Parses the text of a settings file.
 *
 * @param file name of the file in error messages
 * @returns values by variable
 * @throws ConfigError with every error and its line
 */
export function readSettingsFile(text: string, file: string): ReadonlyMap<string, string> {
  const yaml = yamlDocument(text)
  if ('message' in yaml) throw new ConfigError(file, [`line ${yaml.line}: ${yaml.message}`])
  const findPosition = positionsIn(text)
  const errors: { line: number; message: string }[] = []
  const report = (path: FilePath, message: string) =>
    errors.push({ line: findPosition(path).line, message: `${path.join('.')}: ${message}` })
  const values = new Map<string, string>()
  for (const [section, content] of listEntries(yaml.content ?? {}, [], report)) {
    const keys = Object.hasOwn(KEYS, section) ? KEYS[section] : undefined
    if (keys === undefined)
      report([section], unknownKey(section, `a file has ${Object.keys(KEYS).join(', ')}`))
    else
      for (const [key, value] of listEntries(content ?? {}, [section], report)) {
        const path = [section, key]
        const variable = Object.hasOwn(keys, key) ? keys[key] : undefined
        const written = textIn(value)
        if (variable === undefined)
          report(path, unknownKey(key, `${section} has ${Object.keys(keys).join(', ')}`))
        else if (written === undefined) report(path, 'must be a string, a number, or a list of them')
        else if (written !== '') {
          const { issues } = safeParse((SETTINGS[variable] as Setting).schema, written)
          for (const { message } of issues ?? []) report(path, message)
          values.set(variable, written)
        }
      }
  }
  if (errors.length === 0) return values
  errors.sort((a, b) => a.line - b.line)
  throw new ConfigError(
    file,
    errors.map(({ line, message }) => `line ${line}: ${message}`),
  )
}

function listEntries(
  content: unknown,
  path: FilePath,
  report: (path: FilePath, message: string) => void,
): readonly [string, unknown][] {
  if (isObject(content)) return Object.entries(content)
  report(path, 'must be a mapping')
  return []
}

/**
 * Converts a value to the text of an environment variable. Null becomes an empty text. Returns undefined for a value that a
 * variable cannot represent.
 */
function textIn(value: unknown): string | undefined {
  if (value === null) return ''
  if (typeof value === 'boolean') return value ? 'on' : 'off'
  if (typeof value === 'string' || typeof value === 'number') return String(value).trim()
  const parts = Array.isArray(value)
    ? value.map(textIn)
    : Object.entries(value as object).map(([name, one]) => (one === null ? name : `${name}=${textIn(one)}`))
  return parts.includes(undefined) ? undefined : parts.join(',')
}

/** Returns the environment, completed with values from the settings file for variables that are not set. */
export function withSettingsFile(
  environment: Environment,
  settings: ReadonlyMap<string, string>,
): Environment {
  const isSet = (name: string) => Boolean(environment[name]?.trim())
  const isLeft = (name: string) =>
    isSet(name) || SAME.some(names => names.includes(name) && names.some(isSet))
  const used = [...settings].filter(([name]) => !isLeft(name))
  return { ...environment, ...Object.fromEntries(used) }
}

/**
 * Applies the settings file by setting the environment variables of this process, which child processes inherit.
 *
 * @param named path given as a command-line option
 * @throws ConfigError with every error and its line
 */
export function useSettingsFile(named?: string): void {
  const { env } = process
  Object.assign(env, settingsIn(env, named, process.cwd()))
}
