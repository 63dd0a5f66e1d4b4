// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the placeholders are CloudFormation's

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { readMappings, type ServiceFacts } from '../../config/mappings.ts'
import { refusals } from './refusals.ts'

const facts: ServiceFacts = { service: 'shop', stage: 'dev', region: 'eu-west-1' }
const afterPartialResponse = 'resume-at-failure' as const
const settings = {
  afterPartialResponse,
  schemaRegistry: undefined,
  brokers: ['here:1'],
  clusters: {},
  groupPrefix: '',
}
const arn = 'arn:aws:kafka:eu-west-1:123456789012:cluster/c/id'
const queue = 'arn:aws:sqs:eu-west-1:123456789012:q'
const registryConfig = {
  schemaRegistryURI: 'https://registry.example',
  eventRecordFormat: 'JSON',
  schemaValidationConfigs: [{ attribute: 'VALUE' }],
}
const read = (...events: Record<string, unknown>[]) => readMappings({ orders: { events } }, facts, settings)
const readMsk = (event: Record<string, unknown>, more: Partial<ServiceFacts> = {}) =>
  readMappings(
    { orders: { events: [{ msk: { arn, topic: 't', ...event } }] } },
    { ...facts, ...more },
    settings,
  )[0]

describe('event source mappings', () => {
  // Promise packages/msk-trigger/RULES.md#rule 2
  // Promise packages/msk-trigger/RULES.md#rule 3
  it('have the defaults of the managed trigger (rules 2, 3, 34) and a group of their own', () => {
    assert.deepEqual(read({ msk: { arn, topic: 't' } }), [
      {
        functionKey: 'orders',
        functionArn: 'arn:aws:lambda:eu-west-1:123456789012:function:shop-dev-orders',
        kind: 'msk',
        topic: 't',
        groupId: 'shop-dev-orders-t',
        batchSize: 100,
        windowMs: 500,
        startingPosition: { at: 'TRIM_HORIZON' },
        reportsFailures: false,
        maximumRetryAttempts: -1,
        maximumRecordAgeMs: undefined,
        bisectBatchOnFunctionError: false,
        destination: undefined,
        filters: [],
        registry: undefined,
        functionTimeoutMs: 6_000,
        reservedConcurrency: Number.POSITIVE_INFINITY,
        afterPartialResponse,
        eventSourceArn: arn,
      },
    ])
  })

  it('have groups that begin with the prefix of the process, also those that an event names', () => {
    const events = [{ msk: { arn, topic: 't' } }, { msk: { arn, topic: 't', consumerGroupId: 'mine' } }]
    const mappings = readMappings({ orders: { events } }, facts, { ...settings, groupPrefix: 'anna-' })
    assert.deepEqual(
      mappings.map(({ groupId }) => groupId),
      ['anna-shop-dev-orders-t', 'anna-mine'],
    )
  })

  it('take the configured settings', () => {
    const [mapping] = read({
      msk: {
        arn: { Ref: 'Cluster' },
        topic: 't',
        batchSize: 10_000,
        maximumBatchingWindow: 0,
        consumerGroupId: 'mine',
        startingPosition: 'AT_TIMESTAMP',
        startingPositionTimestamp: 1700000000.5,
        functionResponseType: 'ReportBatchItemFailures',
      },
    })
    assert.equal(mapping?.batchSize, 10_000)
    assert.equal(mapping.windowMs, 0, 'a window of 0 is not the default (rule 5)')
    assert.equal(mapping.groupId, 'mine')
    assert.deepEqual(mapping.startingPosition, { at: 'AT_TIMESTAMP', timestampMs: 1700000000500 })
    assert.equal(mapping.reportsFailures, true)
    assert.match(mapping.eventSourceArn ?? '', /^arn:aws:kafka:eu-west-1:000000000000:cluster\/local\//)
  })

  it('omit disabled events and events of other kinds', () => {
    assert.deepEqual(
      read({ msk: { arn, topic: 't', enabled: false } }, { schedule: 'rate(1 minute)' }, { http: 'GET /' }),
      [],
    )
  })

  it('take the timeout of the function, or else of the provider', () => {
    const events = [{ msk: { arn, topic: 't' } }]
    const resolveTimeout = (timeout: number | undefined) =>
      readMappings({ f: { events, ...(timeout && { timeout }) } }, { ...facts, timeout: 20 }, settings)[0]
    assert.equal(resolveTimeout(30)?.functionTimeoutMs, 30_000)
    assert.equal(resolveTimeout(undefined)?.functionTimeoutMs, 20_000)
  })

  it('take the reserved concurrency of the function, unless only CloudFormation knows it (rule 24)', () => {
    const events = [{ msk: { arn, topic: 't' } }]
    const reservedAs = (reservedConcurrency: unknown) =>
      readMappings({ f: { events, reservedConcurrency } }, facts, settings)[0]?.reservedConcurrency
    assert.deepEqual([0, 3, null, { Ref: 'Most' }].map(reservedAs), [0, 3, Infinity, Infinity])
  })

  it('take retries, age and bisect (rules 26, 28, 29)', () => {
    const mapping = readMsk({
      maximumRetryAttempts: 0,
      maximumRecordAgeInSeconds: 60,
      bisectBatchOnFunctionError: true,
    })
    assert.equal(mapping?.maximumRetryAttempts, 0)
    assert.equal(mapping.maximumRecordAgeMs, 60_000)
    assert.equal(mapping.bisectBatchOnFunctionError, true)
    assert.equal(readMsk({ maximumRecordAgeInSeconds: -1 })?.maximumRecordAgeMs, undefined)
  })

  // Promise packages/msk-trigger/RULES.md#rule 27
  it('retry ten times if there is a destination and no limit (rule 27)', () => {
    assert.equal(readMsk({ onFailureDestination: queue })?.maximumRetryAttempts, 10)
    assert.equal(readMsk({ onFailureDestination: queue, maximumRetryAttempts: -1 })?.maximumRetryAttempts, 10)
    assert.equal(readMsk({ onFailureDestination: queue, maximumRetryAttempts: 99 })?.maximumRetryAttempts, 99)
    assert.equal(readMsk({ onFailureDestination: '' })?.maximumRetryAttempts, -1)
  })

  it('use the local schema registry rather than the one in the event', () => {
    const of = (schemaRegistry: string | undefined) =>
      readMappings(
        { f: { events: [{ msk: { arn, topic: 't', schemaRegistryConfig: registryConfig } }] } },
        facts,
        { ...settings, schemaRegistry },
      )[0]?.registry
    assert.deepEqual(of('http://here'), { uri: 'http://here', form: 'JSON', validates: ['VALUE'] })
    assert.equal(of(undefined)?.uri, 'https://registry.example')
  })

  const registry =
    'schemaRegistryURI: https://r, eventRecordFormat: JSON, schemaValidationConfigs: [{ attribute: VALUE }]'
  const refused = refusals(`
    topic: { Ref: T } → topic of the msk event of function "orders" must be the name of a topic (1 to 249 …), not {"Ref":"T"}
    topic: ${'a'.repeat(250)} → topic … must be the name of a topic (1 to 249 letters, …not "${'a'.repeat(250)}"
    topic: .orders → topic … but no "." at its start), not ".orders"
    topic: a b → topic … not "a b"
    batchSize: 0 → batchSize … from 1 to 10000, not 0
    batchSize: 1.5 → batchSize … not 1.5
    maximumBatchingWindow: 301 → maximumBatchingWindow … from 0 to 300, not 301
    startingPosition: EARLIEST → startingPosition … not "EARLIEST"
    startingPosition: AT_TIMESTAMP → startingPositionTimestamp … Unix seconds, not nothing
    functionResponseType: Perhaps → functionResponseType … "ReportBatchItemFailures", not "Perhaps"
    consumerGroupId: '' → consumerGroupId … must be a string
    consumerGroupId: a b → consumerGroupId … must be a string
    consumerGroupId: ${'g'.repeat(201)} → consumerGroupId … must be a string of 1 to 200
    maximumRetryAttempts: -2 → maximumRetryAttempts … from -1 to 10000, not -2
    maximumRetryAttempts: 10001 → maximumRetryAttempts … not 10001
    maximumRecordAgeInSeconds: 59 → maximumRecordAgeInSeconds … from 60 to 604800, not 59
    maximumRecordAgeInSeconds: 604801 → maximumRecordAgeInSeconds … not 604801
    bisectBatchOnFunctionError: 'yes' → bisectBatchOnFunctionError … true or false, not "yes"
    onFailureDestination: q → onFailureDestination … must be the ARN of an SQS queue…, not "q"
    onFailureDestination: 'arn:aws:lambda:x' → onFailureDestination … must be the ARN
    onFailureDestination: 'arn:aws:sqs:eu-west-1:1:q' → onFailureDestination … must be the ARN
    onFailureDestination: 'arn:aws:sns:europe:123456789012:t' → onFailureDestination … must be the ARN
    onFailureDestination: 'arn:aws:sqs:eu-west-1:123456789012:${'q'.repeat(320)}' → onFailureDestination … must be the ARN
    onFailureDestination: 'kafka://.t' → onFailureDestination … must be the ARN
    onFailureDestination: 'kafka://${'a'.repeat(250)}' → onFailureDestination … must be the ARN … kafka://<topic> (up to 249 characters)
    onFailureDestination: { arn: { Ref: Q } } → onFailureDestination … only CloudFormation can resolve
    onFailureDestination: 'kafka://t' → onFailureDestination … must not be "kafka://t": the function reads this topic
    provisionedPollerConfig: { minimumPollers: 0 } → provisionedPollerConfig.minimumPollers … from 1 to 200, not 0
    provisionedPollerConfig: { minimumPollers: 201 } → minimumPollers … from 1 to 200, not 201
    provisionedPollerConfig: { pollerGroupName: '' } → pollerGroupName … must be a string of 1 to 128 char
    provisionedPollerConfig: { pollerGroupName: 'my group' } → pollerGroupName … letters, digits, "-" and "_", not "my group"
    provisionedPollerConfig: { pollerGroupName: ${'g'.repeat(129)} } → pollerGroupName … must be a string of 1 to 128
    provisionedPollerConfig: { maximumPollers: 2001 } → maximumPollers … from 1 to 2000, not 2001
    provisionedPollerConfig: { minimumPollers: 3, maximumPollers: 2 } → of at least minimumPollers
    provisionedPollerConfig: { pollers: 1 } → provisionedPollerConfig.pollers … is not a setting; known are
    filterPatterns: [] → filterPatterns … a list of 1 to 10 different patterns, not []
    filterPatterns: [{}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}] → filterPatterns … a list of 1 to 10
    filterPatterns: [{ value: [a] }, { value: [a] }] → filterPatterns … must be a list of 1 to 10 different patterns
    filterPatterns: [{}, { value: { a: [{ numeric: ['=', 5000000001] }] } }] → filterPatterns[1] … is not a valid pattern: value.a.numeric must compare numbers from -5e9 to 5e9
    filterPatterns: [{}, { key: [a] }] → filterPatterns[1] of the msk event of function "orders" is not a valid pattern: key cannot be filtered
    schemaRegistryConfig: { ${registry}, url: x } → schemaRegistryConfig.url … is not a setting
    schemaRegistryConfig: { ${registry.replace('https://r', "'https://r/?a=b'")} } → schemaRegistryURI … the address of a registry
    schemaRegistryConfig: { ${registry.replace('[{', '[{ attribute: VALUE }, {')} } → schemaValidationConfigs … a list of { attribute: KEY } and
    schemaRegistryConfig: { ${registry}, accessConfigs: [{ type: BASIC_AUTH, uri: secret }] } → accessConfigs[0].uri … must be the ARN of a secret
    schemaRegistryConfig: { ${registry}, accessConfigs: [{ type: PASSWORD, uri: { Ref: S } }] } → accessConfigs[0].type … must be one of BASIC_AUTH
    schemaRegistryConfig: { ${registry.replace('JSON', 'AVRO')} } → schemaRegistryConfig.eventRecordFormat … must be "JSON" or "SOURCE", not "AVRO"
    schemaRegistryConfig: { ${registry.replace('VALUE', 'HEADERS')} } → schemaValidationConfigs[0].attribute … must be "KEY" or "VALUE", not "HEADERS"
    schemaRegistryConfig: { ${registry.replace('https://r', "'arn:aws:glue:eu-west-1:123456789012:registry/r'")} } → schemaRegistryURI … is not on this machine: set custom.mskTrigger.schemaRegistry
  `)
  for (const [row, event, message] of refused)
    it(`reject ${row}`, () => assert.throws(() => read({ msk: { arn, topic: 't', ...event } }), message))

  it('given several wrong settings of several events, then one error names each of them, once', () => {
    const first = { msk: { arn, batchSize: 0.5, startingPosition: 'AT_TIMESTAMP' } }
    const second = { kafka: { topic: 'u', schemaRegistryConfig: { url: 'x' }, filterPatterns: [{}, 1] } }
    assert.throws(() => read(first, second), {
      name: 'ConfigurationError',
      message: [
        'topic of the msk event of function "orders" must be the name of a topic (1 to 249 letters, digits, ".", "_" and "-", but no "." at its start), not nothing',
        'batchSize of the msk event of function "orders" must be a whole number from 1 to 10000, not 0.5',
        'startingPositionTimestamp of the msk event of function "orders" must be Unix seconds, not nothing',
        'filterPatterns[1] of the kafka event of function "orders" is not a valid pattern: it must be a map, not 1',
        'schemaRegistryConfig.schemaRegistryURI of the kafka event of function "orders" must be the address of a ' +
          'registry, or the ARN of one in Glue, not nothing',
        'schemaRegistryConfig.eventRecordFormat of the kafka event of function "orders" must be "JSON" or "SOURCE", ' +
          'not nothing',
        'schemaRegistryConfig.schemaValidationConfigs of the kafka event of function "orders" must be a list of ' +
          '{ attribute: KEY } and { attribute: VALUE }, not nothing',
        'schemaRegistryConfig.url of the kafka event of function "orders" is not a setting; known are: ' +
          'schemaRegistryURI, eventRecordFormat, schemaValidationConfigs, accessConfigs',
      ].join('\n'),
    })
  })

  it('given several that cannot run on this machine, then one error names each of them', () => {
    const onFailureDestination = { arn: { Ref: 'Elsewhere' }, type: 'sqs' }
    const glue = { ...registryConfig, schemaRegistryURI: 'arn:aws:glue:eu-west-1:123456789012:registry/r' }
    const both = () =>
      read(
        { msk: { arn, topic: 't', onFailureDestination } },
        { msk: { arn, topic: 'u', schemaRegistryConfig: glue } },
      )
    assert.throws(
      both,
      /^[^\n]*which only CloudFormation resolves[^\n]*\n[^\n]*is not on this machine[^\n]*$/,
    )
  })

  it('reject a group that two mappings would share (rule 36)', () => {
    const event = { msk: { arn, topic: 't', consumerGroupId: 'g' } }
    assert.throws(
      () => readMappings({ a: { events: [event] }, b: { events: [event] } }, facts, settings),
      /group "g" is used by function "a" and by "b"/,
    )
  })
})
