import {
  array,
  type BaseIssue,
  boolean,
  check,
  custom,
  exactOptional,
  forward,
  type InferOutput,
  object,
  partialCheck,
  picklist,
  pipe,
  regex,
  safeParse,
  string,
  unknown,
} from 'valibot'
import { hasUpTo, isObject } from '../support/config-values.ts'
import type { ConfigurationError } from '../support/serverless.ts'
import { ACCESS_CONFIGURATIONS, BOOTSTRAP_SERVERS, createArnSchema } from './aws-names.ts'
import { findDestinationTopic, ON_FAILURE_DESTINATION } from './destination-setting.ts'
import { FILTER } from './filters.ts'
import { REGISTRY } from './registry-setting.ts'
import {
  configurationError,
  mustBe,
  readEach,
  settingsMap,
  wholeNumber,
  withoutNull,
} from './setting-errors.ts'

/** `msk` or `kafka` event of a function, as configured. */
export interface KafkaEvent {
  readonly functionKey: string
  readonly kind: 'msk' | 'kafka'
  readonly event: Readonly<Record<string, unknown>>
}

/** Functions with their events of all kinds. */
export type FunctionEvents = Readonly<Record<string, { readonly events?: readonly object[] }>>

export interface ReadEvent extends KafkaEvent {
  readonly settings: EventSettings
}

const TOPIC = mustBe(
  'the name of a topic (1 to 249 letters, digits, ".", "_" and "-", but no "." at its start)',
)
const GROUP = mustBe('a string of 1 to 200 letters, digits and -/*:_+=.@')
const PATTERNS = mustBe('a list of 1 to 10 different patterns')
const TIMESTAMP = mustBe('Unix seconds')
const AGE = mustBe('-1 or whole seconds from 60 to 604800')

const POLLER_GROUP = mustBe('a string of 1 to 128 characters: letters, digits, "-" and "_"')

const POLLERS = pipe(
  settingsMap({
    minimumPollers: exactOptional(wholeNumber(1, 200)),
    maximumPollers: exactOptional(wholeNumber(1, 2000)),
    // Mappings in the same poller group share the capacity for which AWS charges:
    // https://docs.aws.amazon.com/lambda/latest/api/API_ProvisionedPollerConfig.html.
    pollerGroupName: exactOptional(pipe(string(POLLER_GROUP), regex(/^[\w-]{1,128}$/, POLLER_GROUP))),
  }),
  check(
    ({ minimumPollers = 1, maximumPollers = 200 }) => maximumPollers >= minimumPollers,
    'must have a maximumPollers (default: 200) of at least minimumPollers (default: 1)',
  ),
)

/** Schema of the settings that say where the cluster is in the cloud, and how to sign in there. */
const CLOUD_SETTINGS = object({
  arn: exactOptional(createArnSchema('kafka', 'a cluster', 1_024)),
  saslScram512: exactOptional(createArnSchema('secretsmanager', 'a secret', 200)),
  bootstrapServers: exactOptional(BOOTSTRAP_SERVERS),
  accessConfigurations: exactOptional(ACCESS_CONFIGURATIONS),
})

/** Schema of each other setting, with the rule in `RULES.md` on which it is based. The framework validates the remaining keys. */
const SETTINGS = object({
  topic: pipe(string(TOPIC), regex(/^[\w-][\w.-]{0,248}$/, TOPIC)),
  // Allowed values: see rules 2 and 3 in `RULES.md`.
  batchSize: exactOptional(wholeNumber(1, 10_000)),
  maximumBatchingWindow: exactOptional(wholeNumber(0, 300, 'whole seconds')),
  // Allowed values: see rule 36 in `RULES.md`.
  consumerGroupId: exactOptional(pipe(string(GROUP), regex(/^[\w/*:+=.@-]{1,200}$/, GROUP))),
  // Allowed values: see rule 34 in `RULES.md`.
  startingPosition: exactOptional(textPicklist('TRIM_HORIZON', 'LATEST', 'AT_TIMESTAMP')),
  startingPositionTimestamp: exactOptional(
    custom<number>(value => typeof value === 'number' && value >= 0 && value < 1e11, TIMESTAMP),
  ),
  // Allowed values: see rule 30 in `RULES.md`.
  functionResponseType: exactOptional(textPicklist('ReportBatchItemFailures')),
  // Allowed values: see rules 26, 28 and 29 in `RULES.md`.
  maximumRetryAttempts: exactOptional(wholeNumber(-1, 10_000)),
  maximumRecordAgeInSeconds: exactOptional(
    custom<number>(
      value => value === -1 || (Number.isInteger(value) && Number(value) >= 60 && Number(value) <= 604_800),
      AGE,
    ),
  ),
  bisectBatchOnFunctionError: exactOptional(boolean(mustBe('true or false'))),
  // Allowed values: see rules 41 to 43 in `RULES.md`.
  onFailureDestination: exactOptional(ON_FAILURE_DESTINATION),
  // Allowed values: see rules 37 to 40 in `RULES.md`.
  filterPatterns: exactOptional(
    pipe(
      array(unknown(), PATTERNS),
      check(list => hasUpTo(10, list), PATTERNS),
      array(FILTER),
    ),
  ),
  // Allowed values: see rules 14 and 15 in `RULES.md`.
  schemaRegistryConfig: exactOptional(REGISTRY),
  // Allowed values: see rule 18 in `RULES.md`.
  provisionedPollerConfig: exactOptional(POLLERS),
})

/** Validated settings of an event. Settings that are null or missing in the configuration are absent. */
export type EventSettings = InferOutput<typeof SETTINGS>

function ownTopic({ input }: { readonly input: EventSettings }): string {
  return `must not be "kafka://${input.topic}": the function reads this topic, so failed records would be delivered to it again endlessly`
}

/** Schema that also checks conditions on several settings at once. */
const SCHEMA = pipe(
  SETTINGS,
  forward(
    partialCheck(
      [['startingPosition'], ['startingPositionTimestamp']],
      ({ startingPosition, startingPositionTimestamp }) =>
        startingPosition !== 'AT_TIMESTAMP' || startingPositionTimestamp !== undefined,
      'must be Unix seconds, not nothing',
    ),
    ['startingPositionTimestamp'],
  ),
  forward(
    partialCheck(
      [['topic'], ['onFailureDestination']],
      ({ topic, onFailureDestination }) => findDestinationTopic(onFailureDestination) !== topic,
      ownTopic,
    ),
    ['onFailureDestination'],
  ),
)

/** Yields all `msk` and `kafka` events, including disabled ones, in the order of the configuration. */
export function* kafkaEvents(functions: FunctionEvents): Generator<KafkaEvent> {
  for (const [functionKey, definition] of Object.entries(functions)) {
    for (const entry of Array.isArray(definition.events) ? definition.events : []) {
      for (const kind of ['msk', 'kafka'] as const) {
        const event = isObject(entry) ? entry[kind] : undefined
        if (isObject(event)) yield { functionKey, kind, event }
      }
    }
  }
}

/**
 * Reads the settings of events, for a local run and for the template.
 *
 * @throws ConfigurationError with one line for each invalid setting
 */
export function readEvents(events: Iterable<KafkaEvent>): ReadEvent[] {
  return readEach(events, event => ({ ...event, settings: readEventSettings(event) }))
}

function readEventSettings(event: KafkaEvent): EventSettings {
  // Include the topic, so that a missing topic is reported in the same way as an invalid one.
  const { success, output, issues } = safeParse(SCHEMA, { topic: undefined, ...withoutNull(event.event) })
  if (success) return output
  throw invalidSettings(event, issues)
}

/** Returns a line for each invalid setting that Lambda needs to reach the cluster. A local run uses none of these settings. */
export function findCloudFaults(events: Iterable<KafkaEvent>): string[] {
  return [...events].flatMap(event => {
    const { issues } = safeParse(CLOUD_SETTINGS, withoutNull(event.event))
    return issues ? invalidSettings(event, issues).message.split('\n') : []
  })
}

function invalidSettings(event: KafkaEvent, issues: readonly BaseIssue<unknown>[]): ConfigurationError {
  return configurationError(issues, path => `${settingName(path)} of the ${describeEvent(event)}`)
}

/** Returns the name of an event in messages, such as `msk event of function "f"`. */
export function describeEvent({ functionKey, kind }: Pick<KafkaEvent, 'functionKey' | 'kind'>): string {
  return `${kind} event of function "${functionKey}"`
}

/** Returns the name of a setting, such as `filterPatterns[1]`. */
function settingName(path: readonly string[]): string {
  return path.map((key, index) => (/^\d+$/.test(key) ? `[${key}]` : `${index ? '.' : ''}${key}`)).join('')
}

function textPicklist<const Text extends string>(...texts: Text[]) {
  return picklist(texts, mustBe(texts.map(text => `"${text}"`).join(' or ')))
}
