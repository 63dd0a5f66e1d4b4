/** Functions of a deployed template, with their event sources and settings. Pure. */

interface Resource {
  readonly Type: string
  readonly Properties?: Readonly<Record<string, unknown>>
}

export interface Template {
  readonly Resources: Readonly<Record<string, Resource>>
}

/** A function of the framework, with the `msk` events that its event source mappings came from. */
export interface DeployedFunction {
  /** Name in the cloud. */
  readonly name: string
  /** Seconds. */
  readonly timeout: number
  readonly events: readonly { readonly msk: Readonly<Record<string, unknown>> }[]
}

const MAPPING = 'AWS::Lambda::EventSourceMapping'

/** The property of a mapping to the key of the framework's event. */
const KEYS: Readonly<Record<string, string>> = {
  EventSourceArn: 'arn',
  BatchSize: 'batchSize',
  MaximumBatchingWindowInSeconds: 'maximumBatchingWindow',
  StartingPosition: 'startingPosition',
  Enabled: 'enabled',
  MaximumRetryAttempts: 'maximumRetryAttempts',
  MaximumRecordAgeInSeconds: 'maximumRecordAgeInSeconds',
  BisectBatchOnFunctionError: 'bisectBatchOnFunctionError',
}

/** Properties of a mapping's source, without influence on its deliveries. */
const OF_THE_CLOUD = new Set([
  'FunctionName',
  'ProvisionedPollerConfig',
  'SourceAccessConfigurations',
  'Tags',
])

/** The resources of a type, by logical id. */
export function listResources(
  template: Template,
  type: string,
): (readonly [id: string, properties: Properties])[] {
  return Object.entries(template.Resources).flatMap(([id, { Type, Properties = {} }]) =>
    Type === type ? [[id, Properties] as const] : [],
  )
}

type Properties = Readonly<Record<string, unknown>>

/**
 * The functions of a template by the last part of their names, with their mappings of Kafka topics.
 *
 * @param prefix of their names: `sluice-dev-`
 * @throws Error for a mapping that says something which the rehearsal's poller would not do
 */
export function deployedFunctions(template: Template, prefix: string): Record<string, DeployedFunction> {
  const mappings = listResources(template, MAPPING).filter(([, { Topics }]) => Topics !== undefined)
  return Object.fromEntries(
    listResources(template, 'AWS::Lambda::Function').map(([id, { FunctionName, Timeout }]) => {
      const name = String(FunctionName)
      const own = mappings.filter(([, { FunctionName: of }]) => refersTo(of, id))
      const events = own.map(([mapping, properties]) => ({ msk: describeEvent(mapping, properties) }))
      return [name.slice(prefix.length), { name, timeout: Number(Timeout), events }]
    }),
  )
}

function describeEvent(mapping: string, properties: Properties): Readonly<Record<string, unknown>> {
  const { Topics, AmazonManagedKafkaEventSourceConfig: config, FunctionResponseTypes, ...others } = properties
  const [topic, ...more] = Topics as readonly string[]
  const event: Record<string, unknown> = { topic }
  if (more.length > 0) throw unknown(mapping, 'more than one topic')
  for (const [property, value] of Object.entries(others)) {
    const key = KEYS[property]
    if (key) event[key] = value
    else if (!OF_THE_CLOUD.has(property)) throw unknown(mapping, property)
  }
  const { ConsumerGroupId, ...rest } = (config ?? {}) as Properties
  for (const property of Object.keys(rest)) throw unknown(mapping, property)
  const [response] = (FunctionResponseTypes ?? []) as readonly string[]
  return {
    ...event,
    ...(ConsumerGroupId === undefined ? {} : { consumerGroupId: ConsumerGroupId }),
    ...(response === undefined ? {} : { functionResponseType: response }),
  }
}

/** `Ref`, or `Fn::GetAtt` of its ARN. */
function refersTo(value: unknown, id: string): boolean {
  const { Ref, 'Fn::GetAtt': attribute } = (value ?? {}) as Properties
  return Ref === id || (Array.isArray(attribute) && attribute[0] === id)
}

function unknown(mapping: string, what: string): Error {
  return new Error(
    `the poller of the rehearsal does not know ${what}, which ${mapping} has: teach test/rehearsal/deployment/deployed-template.ts`,
  )
}
