import {
  boolean,
  check,
  forward,
  type GenericSchema,
  type InferOutput,
  integer,
  minValue,
  nullish,
  number,
  optional,
  picklist,
  pipe,
  regex,
  safeParse,
  string,
} from 'valibot'
import { ConfigurationError } from '../support/framework.ts'
import { isObject, kindOf, withoutLogin } from '../support/values.ts'
import { BROKER_LIST, CLUSTERS } from './clusters.ts'
import { SASL, SSL } from './security.ts'
import { configurationError, must, settingsMap, withoutNull } from './setting-errors.ts'

const ADDRESS: ReturnType<typeof must> = issue =>
  withoutLogin(must('an address like http://127.0.0.1:8081')(issue))
const TEXT = must('a string')

const text = pipe(string(TEXT), regex(/./s, TEXT))

function milliseconds(least: number) {
  const message = must(`whole milliseconds, at least ${least}`)
  return pipe(number(message), integer(message), minValue(least, message))
}

/** Ways to continue after a partial response, which AWS does not specify. The default is harder to live with. */
const READINGS = ['resume-at-failure', 'retry-only-failed'] as const

interface Row {
  readonly must: GenericSchema
  /** Description of the setting, which the README shows. */
  readonly meaning: string
  /** Environment variable that overrides the setting. With it, the same configuration works regardless of where the servers run. */
  readonly variable?: string
  /** Default value that the README shows, if it differs from the default in `must`. */
  readonly shown?: string
}

const SWITCHED_OFF = optional(boolean(must('true or false')), false)
const SECURED = 'see [SECURED.md](SECURED.md)'

/** Settings under `custom.mskTrigger`. Durations are in milliseconds. */
export const SETTINGS = {
  brokers: {
    must: optional(BROKER_LIST),
    variable: 'KAFKA_BROKERS',
    meaning: 'a list of `host:port`, or one text with commas',
  },
  clusters: {
    must: optional(CLUSTERS, {}),
    meaning: 'the brokers of a second cluster, see [A second cluster](#a-second-cluster)',
  },
  clientId: { must: optional(text, 'msk-trigger'), meaning: 'the client id that the broker sees' },
  retryDelayMs: {
    must: optional(milliseconds(0), 200),
    meaning: 'the delay before a failed batch is redelivered; it doubles with every further failure',
  },
  maxRetryDelayMs: { must: optional(milliseconds(0), 30_000), meaning: 'the maximum of that delay' },
  sessionTimeoutMs: {
    // Kafka's own lower limit, see its setting `group.min.session.timeout.ms`.
    must: optional(milliseconds(6_000), 10_000),
    meaning:
      'how long the broker waits before it reassigns the partitions of a killed process; at least 6000',
  },
  invocationLines: { must: SWITCHED_OFF, meaning: 'whether each successful invocation is logged' },
  schemaRegistry: {
    must: optional(pipe(string(ADDRESS), check(isAddress, ADDRESS))),
    variable: 'SCHEMA_REGISTRY_URL',
    meaning: 'the local registry; `http://user:password@…` logs in',
  },
  ssl: {
    must: optional(SSL, false),
    meaning: `encrypts connections to the brokers: true, or a map of certificates, ${SECURED}`,
  },
  sasl: {
    must: optional(SASL),
    meaning: `how clients sign in to the brokers: PLAIN or SCRAM, ${SECURED}`,
  },
  announceResponseType: {
    must: nullish(boolean(must('true or false')), false),
    meaning:
      '`true` sets `REPORT_BATCH_ITEM_FAILURES=true` for functions whose response is read, see [Partial responses](#partial-responses)',
  },
  faults: {
    must: optional(text),
    meaning: 'for tests: the path of a Unix socket over which they inject faults',
  },
  reports: {
    must: optional(text),
    variable: 'MSK_TRIGGER_REPORTS',
    meaning:
      'for programs that run this one: a file to which a line of JSON is appended for everything that keeps a consumer from making progress',
  },
  afterPartialResponse: {
    must: optional(picklist(READINGS, must(READINGS.join(' or '))), READINGS[0]),
    meaning:
      'redeliver the partition from its first failed record on, including later records; or, with `retry-only-failed`, only the failed records',
  },
} as const satisfies Readonly<Record<string, Row>>

type Rows = typeof SETTINGS
const ENTRIES = Object.fromEntries(Object.entries(SETTINGS).map(([name, row]) => [name, row.must])) as {
  readonly [Name in keyof Rows]: Rows[Name]['must']
}

/** Validated settings. */
export type Settings = {
  readonly [Name in Exclude<keyof Rows, 'brokers'>]: InferOutput<Rows[Name]['must']>
} & {
  /** Addresses of the default brokers; empty if every event has a separate cluster. */
  readonly brokers: readonly string[]
}

const SCHEMA = pipe(
  settingsMap(ENTRIES),
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
  const given = custom ?? {}
  if (!isObject(given)) throw new ConfigurationError(`custom.mskTrigger must be a map, not ${kindOf(given)}`)
  const variables = Object.entries<Row>(SETTINGS).flatMap(([name, { variable }]): [string, string][] =>
    variable && env[variable] ? [[name, variable]] : [],
  )
  const input = { ...given, ...Object.fromEntries(variables.map(([key, variable]) => [key, env[variable]])) }
  const { output, issues } = safeParse(SCHEMA, withoutNull(input))
  if (!issues) return { ...NOT_SET, ...output, brokers: output.brokers ?? [] }
  const byVariable = new Map(variables)
  throw configurationError(
    issues,
    path =>
      (path.length === 1 && byVariable.get(String(path[0]))) || ['custom.mskTrigger', ...path].join('.'),
  )
}

/**
 * Reads `announceResponseType`, which `package` and `deploy` also use. These commands run without Kafka.
 *
 * @throws ConfigurationError if it is invalid
 */
export function announcesResponseType(custom: unknown): boolean {
  const given = isObject(custom) ? custom.announceResponseType : undefined
  const { output, issues } = safeParse(SETTINGS.announceResponseType.must, given)
  if (!issues) return output
  throw configurationError(issues, () => 'custom.mskTrigger.announceResponseType')
}

function isAddress(value: string): boolean {
  return /^https?:$/.test(URL.parse(value)?.protocol ?? '')
}
