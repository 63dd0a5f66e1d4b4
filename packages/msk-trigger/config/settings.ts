import {
  check,
  forward,
  type GenericSchema,
  type InferOutput,
  integer,
  minValue,
  number,
  optional,
  picklist,
  pipe,
  regex,
  safeParse,
  string,
} from 'valibot'
import { describeType, isObject, withoutLogin } from '../support/config-values.ts'
import { ConfigurationError } from '../support/serverless.ts'
import { BROKER_LIST, CLUSTERS } from './clusters.ts'
import { SASL, SSL } from './security.ts'
import { configurationError, mustBe, settingsMap, withoutNull } from './setting-errors.ts'

const ADDRESS: ReturnType<typeof mustBe> = issue =>
  withoutLogin(mustBe('an address like http://127.0.0.1:8081')(issue))
const TEXT = mustBe('a string')

const text = pipe(string(TEXT), regex(/./s, TEXT))

function milliseconds(least: number) {
  const message = mustBe(`whole milliseconds, at least ${least}`)
  return pipe(number(message), integer(message), minValue(least, message))
}

/** Ways to continue after a partial response, which AWS does not specify. The default is harder to live with. */
const READINGS = ['resume-at-failure', 'retry-only-failed'] as const

/** Settings under `custom.mskTrigger`. Durations are in milliseconds. */
export const SETTINGS = {
  brokers: optional(BROKER_LIST),
  clusters: optional(CLUSTERS, {}),
  groupPrefix: optional(string(TEXT), ''),
  retryDelayMs: optional(milliseconds(0), 200),
  maxRetryDelayMs: optional(milliseconds(0), 30_000),
  // Kafka's own lower limit, see its setting `group.min.session.timeout.ms`.
  sessionTimeoutMs: optional(milliseconds(6_000), 45_000),
  schemaRegistry: optional(pipe(string(ADDRESS), check(isAddress, ADDRESS))),
  ssl: optional(SSL, false),
  sasl: optional(SASL),
  faults: optional(text),
  reports: optional(text),
  health: optional(text),
  lingerMs: optional(milliseconds(0), 0),
  afterPartialResponse: optional(picklist(READINGS, mustBe(READINGS.join(' or '))), READINGS[0]),
} as const satisfies Readonly<Record<string, GenericSchema>>

/** Environment variables that override settings. With them, the same configuration works regardless of where the servers run. */
const VARIABLES = {
  brokers: 'KAFKA_BROKERS',
  schemaRegistry: 'SCHEMA_REGISTRY_URL',
  reports: 'MSK_TRIGGER_REPORTS',
  health: 'MSK_TRIGGER_HEALTH',
} as const

type Rows = typeof SETTINGS

/** Validated settings. */
export type Settings = {
  readonly [Name in Exclude<keyof Rows, 'brokers'>]: InferOutput<Rows[Name]>
} & {
  /** Addresses of the default brokers; empty if every event has a separate cluster. */
  readonly brokers: readonly string[]
}

const SCHEMA = pipe(
  settingsMap(SETTINGS),
  forward(
    check(
      ({ retryDelayMs, maxRetryDelayMs }) => maxRetryDelayMs >= retryDelayMs,
      'must not be less than retryDelayMs',
    ),
    ['maxRetryDelayMs'],
  ),
)

const NOT_SET = Object.fromEntries(Object.keys(SETTINGS).map(name => [name, undefined])) as {
  readonly [Name in keyof Rows]: undefined
}

/**
 * Reads and validates `custom.mskTrigger`.
 *
 * @throws ConfigurationError that names each invalid or unknown setting, with the allowed values
 */
export function readSettings(custom: unknown, env: Readonly<Record<string, string | undefined>>): Settings {
  const settings = custom ?? {}
  if (!isObject(settings))
    throw new ConfigurationError(`custom.mskTrigger must be a map, not ${describeType(settings)}`)
  const variables = Object.entries(VARIABLES).filter(([, variable]) => env[variable])
  const input = {
    ...settings,
    ...Object.fromEntries(variables.map(([key, variable]) => [key, env[variable]])),
  }
  const { output, issues } = safeParse(SCHEMA, withoutNull(input))
  if (!issues) return { ...NOT_SET, ...output, brokers: output.brokers ?? [] }
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
