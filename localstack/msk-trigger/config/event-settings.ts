import { ConfigurationError, type FunctionDefinition } from '../support/framework.ts'
import { isObject, isWholeNumber, show } from '../support/values.ts'
import { destinationProblem } from './destination-setting.ts'
import { PatternError } from './filter-pattern.ts'
import { readFilter } from './filters.ts'
import { registryProblem } from './registry.ts'

/** One `msk` or `kafka` event as configured. */
export interface KafkaEvent {
  readonly functionKey: string
  readonly kind: 'msk' | 'kafka'
  readonly event: Readonly<Record<string, unknown>>
}

/** The checked settings of an event. A setting is absent if it was not set, or set to null. */
export interface EventSettings {
  readonly topic: string
  readonly batchSize?: number
  readonly maximumBatchingWindow?: number
  readonly consumerGroupId?: string
  readonly startingPosition?: 'TRIM_HORIZON' | 'LATEST' | 'AT_TIMESTAMP'
  readonly startingPositionTimestamp?: number
  readonly functionResponseType?: 'ReportBatchItemFailures'
  readonly maximumRetryAttempts?: number
  readonly maximumRecordAgeInSeconds?: number
  readonly bisectBatchOnFunctionError?: boolean
  readonly onFailureDestination?: string
  readonly destinations?: { readonly onFailure: unknown }
  readonly filterPatterns?: readonly unknown[]
  readonly schemaRegistryConfig?: Readonly<Record<string, unknown>>
  readonly provisionedPollerConfig?: { readonly minimumPollers?: number; readonly maximumPollers?: number }
}

interface Check {
  readonly must: string
  readonly holds: (value: unknown) => boolean
}

/** What each setting must be, with the rule that requires it. */
const CHECKS: { readonly [K in keyof EventSettings]-?: Check } = {
  topic: {
    must: 'the name of a topic',
    holds: value => typeof value === 'string' && /^[\w.-]{1,249}$/.test(value),
  },
  // Rules 2, 3.
  batchSize: wholeNumber(1, 10_000),
  maximumBatchingWindow: wholeNumber(0, 300, 'whole seconds'),
  // Rule 36.
  consumerGroupId: {
    must: 'a text of 1 to 200 letters, digits and -/*:_+=.@',
    holds: value => typeof value === 'string' && /^[\w/*:+=.@-]{1,200}$/.test(value),
  },
  // Rule 34.
  startingPosition: oneOf('TRIM_HORIZON', 'LATEST', 'AT_TIMESTAMP'),
  startingPositionTimestamp: {
    must: 'Unix seconds',
    holds: value => typeof value === 'number' && value >= 0 && value < 1e11,
  },
  // Rule 30.
  functionResponseType: oneOf('ReportBatchItemFailures'),
  // Rules 26, 28, 29.
  maximumRetryAttempts: wholeNumber(-1, 10_000),
  maximumRecordAgeInSeconds: {
    must: '-1 or whole seconds from 60 to 604800',
    holds: value => value === -1 || isWholeNumber(value, 60, 604_800),
  },
  bisectBatchOnFunctionError: { must: 'true or false', holds: value => typeof value === 'boolean' },
  // Their content is checked below.
  onFailureDestination: { must: 'a text', holds: value => typeof value === 'string' },
  destinations: {
    must: 'a map with onFailure and nothing else',
    holds: value => isObject(value) && Object.keys(value).join() === 'onFailure',
  },
  filterPatterns: {
    must: 'a list of 1 to 10 patterns',
    holds: value => Array.isArray(value) && value.length >= 1 && value.length <= 10,
  },
  schemaRegistryConfig: { must: 'a map', holds: isObject },
  // Rule 18.
  provisionedPollerConfig: {
    must: 'a map of minimumPollers (1 to 200) and maximumPollers (1 to 2000, not less than the minimum)',
    holds: arePollerBounds,
  },
}

/** All `msk` and `kafka` events, enabled or not, in the order of the configuration. */
export function* kafkaEvents(functions: Readonly<Record<string, FunctionDefinition>>): Generator<KafkaEvent> {
  for (const [functionKey, definition] of Object.entries(functions)) {
    for (const entry of definition.events ?? []) {
      for (const kind of ['msk', 'kafka'] as const) {
        const event = entry[kind]
        if (isObject(event)) yield { functionKey, kind, event }
      }
    }
  }
}

/**
 * Checks the settings of one event. A local run and the template use the same check.
 *
 * @throws ConfigurationError naming function, event and setting, what it must be and what it was.
 */
export function readEventSettings(kafkaEvent: KafkaEvent): EventSettings {
  const entries = Object.entries(kafkaEvent.event).filter(([, value]) => value != null)
  const settings: Readonly<Record<string, unknown>> = Object.fromEntries(entries)
  for (const [setting, { must, holds }] of Object.entries(CHECKS)) {
    const value = settings[setting]
    const isFine = value === undefined ? setting !== 'topic' : holds(value)
    if (!isFine) throw refusal(kafkaEvent, setting, `must be ${must}, not ${show(value)}`)
  }
  const checked = settings as unknown as EventSettings
  if (checked.startingPosition === 'AT_TIMESTAMP' && checked.startingPositionTimestamp === undefined) {
    throw refusal(kafkaEvent, 'startingPositionTimestamp', 'must be Unix seconds, not nothing')
  }
  checkFilters(kafkaEvent, checked)
  const problem = destinationProblem(checked) ?? registryProblem(checked.schemaRegistryConfig)
  if (problem) throw refusal(kafkaEvent, problem.setting, problem.what)
  return checked
}

/** How every message names an event: `msk event of function "f"`. */
export function nameOf({ functionKey, kind }: Pick<KafkaEvent, 'functionKey' | 'kind'>): string {
  return `${kind} event of function "${functionKey}"`
}

/** An error in one setting. `what` follows its name: "must be …, not …". */
export function refusal(
  event: Pick<KafkaEvent, 'functionKey' | 'kind'>,
  setting: string,
  what: string,
): ConfigurationError {
  return new ConfigurationError(`${setting} of the ${nameOf(event)} ${what}`)
}

function checkFilters(kafkaEvent: KafkaEvent, { filterPatterns = [] }: EventSettings): void {
  for (const [index, pattern] of filterPatterns.entries()) {
    try {
      readFilter(pattern)
    } catch (error) {
      if (!(error instanceof PatternError)) throw error
      throw refusal(kafkaEvent, `filterPatterns[${index}]`, `is not a valid pattern: ${error.message}`)
    }
  }
}

function wholeNumber(least: number, most: number, unit = 'a whole number'): Check {
  return { must: `${unit} from ${least} to ${most}`, holds: value => isWholeNumber(value, least, most) }
}

function oneOf(...texts: string[]): Check {
  return {
    must: texts.map(text => `"${text}"`).join(' or '),
    holds: value => texts.includes(value as string),
  }
}

function arePollerBounds(value: unknown): boolean {
  if (!isObject(value)) return false
  const { minimumPollers = 1, maximumPollers = 200, ...rest } = value
  return (
    Object.keys(rest).length === 0 &&
    isWholeNumber(minimumPollers, 1, 200) &&
    isWholeNumber(maximumPollers, 1, 2000) &&
    maximumPollers >= minimumPollers
  )
}
