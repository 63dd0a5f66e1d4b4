import type { FunctionDefinition } from '../support/framework.ts'
import { nearest } from '../support/nearest.ts'
import { isObject, show } from '../support/values.ts'
import { type KafkaEvent, kafkaEvents, nameOf, SETTING_NAMES } from './event-settings.ts'

const KINDS = ['msk', 'kafka'] as const

const FRAMEWORK_SETTINGS = {
  msk: ['arn', 'enabled', 'saslScram512'],
  kafka: ['accessConfigurations', 'bootstrapServers', 'enabled'],
} as const

/** Names that settings have in CloudFormation, in the CDK or in other events of the framework, in lower case. */
const OTHER_NAMES: ReadonlyMap<string, string> = new Map([
  ['batchwindow', 'maximumBatchingWindow'],
  ['maxbatchingwindow', 'maximumBatchingWindow'],
  ['maximumbatchingwindowinseconds', 'maximumBatchingWindow'],
  ['bisectbatch', 'bisectBatchOnFunctionError'],
  ['bisectbatchonerror', 'bisectBatchOnFunctionError'],
  ['bisectonerror', 'bisectBatchOnFunctionError'],
  ['bisectonfunctionerror', 'bisectBatchOnFunctionError'],
  ['consumergroup', 'consumerGroupId'],
  ['groupid', 'consumerGroupId'],
  ['deadletterqueue', 'onFailureDestination'],
  ['destination', 'onFailureDestination'],
  ['destinationconfig', 'onFailureDestination'],
  ['onfailure', 'onFailureDestination'],
  ['filtercriteria', 'filterPatterns'],
  ['filters', 'filterPatterns'],
  ['maxrecordage', 'maximumRecordAgeInSeconds'],
  ['maxrecordageinseconds', 'maximumRecordAgeInSeconds'],
  ['maximumrecordage', 'maximumRecordAgeInSeconds'],
  ['maxretries', 'maximumRetryAttempts'],
  ['maxretryattempts', 'maximumRetryAttempts'],
  ['retryattempts', 'maximumRetryAttempts'],
  ['reportbatchitemfailures', 'functionResponseType: ReportBatchItemFailures'],
  ['responsetype', 'functionResponseType'],
  ['provisionedpollers', 'provisionedPollerConfig'],
  ['schemaregistry', 'schemaRegistryConfig'],
])

/** Names that Kafka clients use for the addresses of brokers. */
const BROKERS = ['broker', 'brokers', 'bootstrapServers', 'bootstrapBrokers']

/**
 * Warns about names that resemble the names of Kafka events or of their settings. The framework may accept such names but ignore
 * them. Returns one line per warning.
 */
export function nearMisses(
  functions: Readonly<Record<string, FunctionDefinition>>,
  custom?: unknown,
): string[] {
  return [
    ...missedSection(isObject(custom) ? custom : {}),
    ...Object.entries(functions).flatMap(([key, { events }]) => missedEvents(key, events)),
    ...[...kafkaEvents(functions)].flatMap(missedSettings),
  ]
}

function missedSection(custom: Readonly<Record<string, unknown>>): string[] {
  if ('mskTrigger' in custom) return []
  const missed = Object.keys(custom).find(key => nearest(key, ['mskTrigger']))
  return missed === undefined ? [] : [`custom.${missed} is not read; did you mean custom.mskTrigger?`]
}

/**
 * Returns warnings about the events of a function. `events` can have any type, because `configValidationMode` can disable
 * validation.
 */
function missedEvents(functionKey: string, events: unknown): string[] {
  const list: unknown[] = Array.isArray(events) ? events : []
  return list.filter(isObject).flatMap(entry => {
    const kind = KINDS.find(name => name in entry)
    if (kind) return isObject(entry[kind]) ? [] : [notAMap(nameOf({ functionKey, kind }), entry, kind)]
    return Object.keys(entry).flatMap(key => {
      const meant = nearest(key, KINDS)
      return meant
        ? [`function "${functionKey}" has an event ${key}, which is not read; did you mean ${meant}?`]
        : []
    })
  })
}

function notAMap(name: string, entry: Readonly<Record<string, unknown>>, kind: string): string {
  const value = entry[kind]
  const beside = Object.keys(entry).filter(key => key !== kind)
  return value === null && beside.length > 0
    ? `the ${name} is empty, and is not read: indent ${beside.join(', ')} below ${kind}`
    : `the ${name} is ${show(value)}, not a map with ${kind === 'msk' ? 'arn' : 'bootstrapServers'} and topic, and is not read`
}

function missedSettings({ functionKey, kind, event }: KafkaEvent): string[] {
  const known = [...SETTING_NAMES, ...FRAMEWORK_SETTINGS[kind]]
  return Object.keys(event)
    .filter(key => !known.includes(key))
    .flatMap(key => {
      const meant = nearest(key, known) ?? OTHER_NAMES.get(key.toLowerCase())
      const what = `${nameOf({ functionKey, kind })}: ${key} is not a setting, and has no effect`
      if (meant !== undefined) return [`${what}; did you mean ${meant}?`]
      if (!nearest(key, BROKERS) && !BROKERS.includes(key)) return []
      const here = 'the Kafka on this machine is set by custom.mskTrigger.brokers'
      return [`${what}; ${kind === 'kafka' ? 'did you mean bootstrapServers? And ' : ''}${here}`]
    })
}
