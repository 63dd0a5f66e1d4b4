import { ConfigurationError } from './framework.ts'
import { type OpenChoices, readOpenChoices } from './open-choices.ts'
import { isObject, show } from './values.ts'

/** What can be set under `custom.mskTrigger`. Durations are in milliseconds. */
export interface Settings {
  readonly brokers: readonly string[]
  readonly clientId: string
  /** The wait before a failed batch is delivered again; it doubles with every further failure. */
  readonly retryDelayMs: number
  readonly maxRetryDelayMs: number
  /** After this long without a heartbeat the broker gives the partitions of a killed process away. */
  readonly sessionTimeoutMs: number
  /** The registry on this machine, in the place of the one that an event names for the cloud. */
  readonly schemaRegistry: string | undefined
  /** Where faults are asked for in tests. */
  readonly faults: string | undefined
  /** A file for what keeps consumers from making progress, a line of JSON each. */
  readonly reports: string | undefined
  /** How to read what AWS leaves open. */
  readonly open: OpenChoices
}

type Check<T> = (value: unknown, name: string) => T

const CHECKS: { readonly [K in keyof Settings]: Check<Settings[K]> } = {
  brokers: brokerList,
  clientId: text,
  retryDelayMs: milliseconds(0),
  maxRetryDelayMs: milliseconds(0),
  // Kafka's own lower bound, group.min.session.timeout.ms.
  sessionTimeoutMs: milliseconds(6_000),
  schemaRegistry: address,
  faults: optional(text),
  reports: optional(text),
  open: readOpenChoices,
}

const DEFAULTS: Partial<Record<keyof Settings, unknown>> = {
  clientId: 'msk-trigger',
  retryDelayMs: 200,
  maxRetryDelayMs: 30_000,
  sessionTimeoutMs: 10_000,
}

/** Variables that win over a setting, so that one configuration serves wherever the servers happen to run. */
const VARIABLES: Partial<Record<keyof Settings, string>> = {
  brokers: 'KAFKA_BROKERS',
  schemaRegistry: 'SCHEMA_REGISTRY_URL',
  reports: 'MSK_TRIGGER_REPORTS',
}

/**
 * Reads and checks `custom.mskTrigger`. `KAFKA_BROKERS` in the environment wins over `brokers`, `SCHEMA_REGISTRY_URL` over
 * `schemaRegistry`, and `MSK_TRIGGER_REPORTS` over `reports`.
 *
 * @throws ConfigurationError naming the setting, what it must be and what it was; unknown keys are refused.
 */
export function readSettings(custom: unknown, env: Readonly<Record<string, string | undefined>>): Settings {
  const given = custom ?? {}
  if (!isObject(given)) throw new ConfigurationError(`custom.mskTrigger must be a map, not ${show(given)}`)
  for (const key of Object.keys(given)) {
    if (!Object.hasOwn(CHECKS, key)) {
      const known = Object.keys(CHECKS).join(', ')
      throw new ConfigurationError(`custom.mskTrigger.${key} is not a setting; known are: ${known}`)
    }
  }
  const read = <K extends keyof Settings>(key: K): Settings[K] => {
    const variable = VARIABLES[key]
    const fromEnv = variable && env[variable]
    return fromEnv
      ? CHECKS[key](fromEnv, variable)
      : CHECKS[key](given[key] ?? DEFAULTS[key], `custom.mskTrigger.${key}`)
  }
  const settings: Settings = {
    brokers: read('brokers'),
    clientId: read('clientId'),
    retryDelayMs: read('retryDelayMs'),
    maxRetryDelayMs: read('maxRetryDelayMs'),
    sessionTimeoutMs: read('sessionTimeoutMs'),
    schemaRegistry: read('schemaRegistry'),
    faults: read('faults'),
    reports: read('reports'),
    open: read('open'),
  }
  if (settings.maxRetryDelayMs < settings.retryDelayMs) {
    throw new ConfigurationError('custom.mskTrigger.maxRetryDelayMs must not be less than retryDelayMs')
  }
  return settings
}

function brokerList(value: unknown, name: string): readonly string[] {
  if (value === undefined) {
    throw new ConfigurationError(
      'no Kafka to read from: set custom.mskTrigger.brokers or KAFKA_BROKERS (host:port, …)',
    )
  }
  const list = typeof value === 'string' ? value.split(',').map(broker => broker.trim()) : value
  const isBroker = (entry: unknown) =>
    typeof entry === 'string' && /^[^\s,:]+:\d+$|^\[[^\]]+\]:\d+$/.test(entry)
  if (!Array.isArray(list) || list.length === 0 || !list.every(isBroker)) {
    throw new ConfigurationError(`${name} must be a list of host:port, not ${show(value)}`)
  }
  return list
}

function text(value: unknown, name: string): string {
  if (typeof value !== 'string' || value === '') {
    throw new ConfigurationError(`${name} must be a text, not ${show(value)}`)
  }
  return value
}

function address(value: unknown, name: string): string | undefined {
  if (value === undefined) return undefined
  if (typeof value !== 'string' || !/^https?:$/.test(URL.parse(value)?.protocol ?? '')) {
    throw new ConfigurationError(`${name} must be an address like http://127.0.0.1:8081, not ${show(value)}`)
  }
  return value
}

function optional<T>(check: Check<T>): Check<T | undefined> {
  return (value, name) => (value === undefined ? undefined : check(value, name))
}

function milliseconds(least: number): Check<number> {
  return (value, name) => {
    if (!Number.isInteger(value) || (value as number) < least) {
      throw new ConfigurationError(
        `${name} must be whole milliseconds, at least ${least}, not ${show(value)}`,
      )
    }
    return value as number
  }
}
