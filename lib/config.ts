/** The only reader of the environment. Every fault is reported at once, with the variable's name and what it should be. */
import { parseRedisUrl } from './adapters/redis/address.ts'
import { isTimestamp, parseTime } from './cloudevents/attributes.ts'
import { LOG_TIMES, type LogTime } from './cloudevents/log-time.ts'
import type { ContentMode } from './cloudevents/writer.ts'
import { CONSUMER_DEFAULTS } from './pipeline/consumer.ts'

export interface Config {
  /** Environment: last part of the topics' names. */
  readonly env: string
  readonly kafka: {
    /** Empty where the cluster is named by its ARN. */
    readonly brokers: readonly string[]
    readonly clusterArn?: string
    readonly auth: 'none' | 'tls' | 'iam'
    readonly region?: string
    /** What of transactions the event source mappings see: what is read beside them must see the same. */
    readonly isolation: 'read-committed' | 'read-uncommitted'
  }
  readonly redis: {
    /** See `parseRedisUrl`. */
    readonly url: string
    readonly mode: 'single' | 'cluster'
    readonly secret?: string
  }
  /** Folder with the alert rules, `*.yaml`. */
  readonly rulesDir: string
  /** Name of the SSM parameter with the generator's settings. */
  readonly generatorParameter?: string
  /** How events are written to Kafka. */
  readonly contentMode: ContentMode
  readonly idWindowMs: number
  readonly futureToleranceMs: number
  readonly earliestTimeMs: number
  /** Records appended before this instant, in milliseconds since the epoch, are none of the consumers'. */
  readonly sinceMs?: number
  /** Whose append times the consumers go by. */
  readonly logTime: LogTime
  /** Whether this function's event source mapping has ReportBatchItemFailures. */
  readonly partialResponses: boolean
  /** Where spans are sent; absent where nobody wants them. By the names that OpenTelemetry gives to its settings. */
  readonly otlp?: {
    readonly endpoint: string
    readonly headers: Readonly<Record<string, string>>
    readonly serviceName?: string
  }
  /** Whether this process ends after one invocation, as `serverless invoke local` does once nothing is open. */
  readonly singleInvocation: boolean
}

/**
 * One day. Every load looks through all hours of the window, and beyond a redelivery by its producer an id is not wanted:
 * a record that Kafka delivers again is known by its offset, without limit of time.
 */
const LONGEST_ID_WINDOW_SECONDS = 24 * 60 * 60

export type Environment = Readonly<Record<string, string | undefined>>

/**
 * The environment with the servers of `npm start` where it names none: for commands that run on a person's machine.
 * Functions have no such defaults, since a forgotten variable must not send them somewhere else.
 */
export function localEnvironment(environment: Environment): Environment {
  const { KAFKA_BROKERS, MSK_CLUSTER_ARN, REDIS_URL, KAFKA_PORT, REDIS_PORT } = environment
  const kafka = KAFKA_BROKERS || MSK_CLUSTER_ARN ? {} : { KAFKA_BROKERS: `127.0.0.1:${KAFKA_PORT || 9092}` }
  const redis = REDIS_URL ? {} : { REDIS_URL: `redis://127.0.0.1:${REDIS_PORT || 6379}` }
  return { ...environment, ...kafka, ...redis }
}

/** The environment cannot be used; the message lists every fault. */
export class ConfigError extends Error {
  readonly faults: readonly string[]

  constructor(faults: readonly string[]) {
    super(
      `the configuration has ${faults.length} fault(s):\n${faults.map(fault => `  - ${fault}`).join('\n')}`,
    )
    this.name = 'ConfigError'
    this.faults = faults
  }
}

/** @throws ConfigError naming every variable that is missing or wrong */
export function readConfig(environment: Environment = process.env): Config {
  const faults: string[] = []
  const read = reader(environment, faults)
  const brokers = read.list('KAFKA_BROKERS', /^[^\s:,]+:\d{1,5}$/, 'host:port, separated by commas')
  const clusterArn = read.text('MSK_CLUSTER_ARN', /^arn:aws[\w-]*:kafka:/, 'the ARN of an MSK cluster')
  if (brokers.length === 0 && !clusterArn && !environment.KAFKA_BROKERS && !environment.MSK_CLUSTER_ARN)
    faults.push('KAFKA_BROKERS or MSK_CLUSTER_ARN: one of them must name the cluster')
  const url = environment.REDIS_URL ?? ''
  const mode = read.oneOf('REDIS_MODE', ['single', 'cluster'], 'single')
  const redisFault = faultOfRedis(url, mode)
  if (redisFault) faults.push(`REDIS_URL: ${redisFault}`)
  const secret = read.text('REDIS_SECRET', /\S/, 'the name of a secret')
  const region = read.text('AWS_REGION', /^[a-z0-9-]+$/, 'a region')
  const sinceMs = read.instant('SLUICE_SINCE')
  const otlpEndpoint = read.text(
    'OTEL_EXPORTER_OTLP_ENDPOINT',
    /^https?:\/\/[^\s@]+$/,
    'http://host:port, or https://',
  )
  const otlpHeaders = read.pairs('OTEL_EXPORTER_OTLP_HEADERS')
  const otlpServiceName = read.text('OTEL_SERVICE_NAME', /\S/, 'a name')
  const generatorParameter = read.text('GENERATOR_PARAMETER', /^\S+$/, 'the name of a parameter')
  const config: Config = {
    env: read.text('SLUICE_ENV', /^[a-z0-9-]{1,20}$/, 'lower-case letters, digits and "-"') ?? 'local',
    kafka: {
      brokers,
      ...(clusterArn ? { clusterArn } : {}),
      auth: read.oneOf('KAFKA_AUTH', ['none', 'tls', 'iam'], brokers.length > 0 ? 'none' : 'iam'),
      ...(region ? { region } : {}),
      isolation: read.oneOf('KAFKA_ISOLATION', ['read-committed', 'read-uncommitted'], 'read-committed'),
    },
    redis: { url, mode, ...(secret ? { secret } : {}) },
    rulesDir: read.text('RULES_DIR', /\S/, 'a folder') ?? 'rules',
    ...(generatorParameter ? { generatorParameter } : {}),
    contentMode: read.oneOf('CONTENT_MODE', ['binary', 'structured'], CONSUMER_DEFAULTS.contentMode),
    idWindowMs: read.seconds('ID_WINDOW_SECONDS', CONSUMER_DEFAULTS.idWindowMs, LONGEST_ID_WINDOW_SECONDS),
    futureToleranceMs: read.seconds('FUTURE_TOLERANCE_SECONDS', CONSUMER_DEFAULTS.futureToleranceMs),
    earliestTimeMs: read.instant('EARLIEST_TIME') ?? CONSUMER_DEFAULTS.earliestTimeMs,
    ...(sinceMs === undefined ? {} : { sinceMs }),
    logTime: read.oneOf('LOG_TIME', LOG_TIMES, CONSUMER_DEFAULTS.logTime),
    partialResponses: read.oneOf('REPORT_BATCH_ITEM_FAILURES', ['true', 'false'], 'false') === 'true',
    ...(otlpEndpoint
      ? {
          otlp: {
            endpoint: otlpEndpoint,
            headers: otlpHeaders,
            ...(otlpServiceName ? { serviceName: otlpServiceName } : {}),
          },
        }
      : {}),
    singleInvocation: environment.IS_LOCAL === 'true',
  }
  if (faults.length > 0) throw new ConfigError(faults)
  return config
}

/** Why this cannot be the server's address; it is not repeated, for it may hold a password. */
function faultOfRedis(url: string, mode: Config['redis']['mode']): string | undefined {
  if (url === '') return 'must name the server, as redis://host:port'
  const address = parseRedisUrl(url)
  if (!address) return 'must be redis://host:port, or rediss:// for TLS; a password must be percent-encoded'
  if (mode === 'single' && address.hosts.length > 1)
    return 'must name one host; several are for REDIS_MODE=cluster'
  if (mode === 'cluster' && address.database !== 0)
    return 'must name no database; REDIS_MODE=cluster has only 0'
  return undefined
}

/** Readers of one variable each: an unset or empty one is absent, a wrong one is noted and left out. */
function reader(environment: Environment, faults: string[]) {
  const text = (name: string, form: RegExp, expected: string): string | undefined => {
    const value = environment[name]
    if (!value) return undefined
    if (form.test(value)) return value
    faults.push(`${name}: must be ${expected}`)
    return undefined
  }
  return {
    text,
    list(name: string, form: RegExp, expected: string): string[] {
      const parts = (environment[name] ?? '')
        .split(',')
        .map(part => part.trim())
        .filter(part => part !== '')
      if (parts.every(part => form.test(part))) return parts
      faults.push(`${name}: must be ${expected}`)
      return []
    },
    /** As HTTP's `baggage` has them: `name=value` with commas between, percent-encoded. */
    pairs(name: string): Record<string, string> {
      const parts = (environment[name] ?? '').split(',').filter(part => part.trim() !== '')
      const pairs = parts.map(part => /^\s*([\w-]+)\s*=\s*(.*?)\s*$/.exec(part))
      try {
        return Object.fromEntries(
          pairs.map(pair => {
            if (!pair) throw new URIError('no pair')
            return [pair[1], decodeURIComponent(pair[2] ?? '')] as const
          }),
        )
      } catch {
        // Without its value, which may be a credential.
        faults.push(`${name}: must be name=value, separated by commas, values percent-encoded`)
        return {}
      }
    },
    oneOf<T extends string>(name: string, values: readonly T[], otherwise: T): T {
      const value = text(name, new RegExp(`^(${values.join('|')})$`), `one of ${values.join(', ')}`)
      return (value as T | undefined) ?? otherwise
    },
    /** RFC 3339, its seconds optional, in milliseconds since the epoch. */
    instant(name: string): number | undefined {
      const value = environment[name]
      if (!value) return undefined
      const whole = value.replace(/(?<=T\d\d:\d\d)(?=[Z+-])/, ':00')
      if (isTimestamp(whole)) return parseTime(whole)
      faults.push(`${name}: must be an instant that exists, such as 2026-03-01T00:00:00Z`)
      return undefined
    },
    seconds(name: string, otherwiseMs: number, most?: number): number {
      const value = text(name, /^\d{1,7}$/, 'a whole number of seconds')
      if (value === undefined) return otherwiseMs
      if (most !== undefined && Number(value) > most) faults.push(`${name}: must be ${most} or less`)
      return Number(value) * 1000
    },
  }
}
