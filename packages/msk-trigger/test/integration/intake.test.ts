import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { framed, startSchemaRegistry } from '../../../../test/support/schema-registry.ts'
import { until } from '../../../../test/support/until.ts'
import { TestKafka } from './kafka.ts'
import { Project, recordsOf } from './project.ts'

const arn = 'arn:aws:kafka:eu-west-1:123456789012:cluster/shop/id'
const SCHEMA = '{"type":"object","properties":{"n":{"type":"integer"}},"required":["n"]}'

describe('records before they are in a batch', () => {
  let kafka: TestKafka
  let project: Project
  let registry: Awaited<ReturnType<typeof startSchemaRegistry>>
  let filtered: string
  let nothing: string
  let withSchema: string
  let toTopic: string
  let failed: string

  before(async () => {
    kafka = await TestKafka.connect()
    registry = await startSchemaRegistry()
    registry.schemas.set(7, { schema: SCHEMA, schemaType: 'JSON' })
    filtered = await kafka.topic('filtered', 1)
    nothing = await kafka.topic('nothing', 1)
    withSchema = await kafka.topic('schema', 1)
    toTopic = await kafka.topic('schema-to-topic', 1)
    failed = await kafka.topic('schema-failed', 1)
    const common = { arn, maximumBatchingWindow: 0 }
    const filterPatterns = [{ value: { kind: ['order'] } }]
    const schemaRegistryConfig = {
      schemaRegistryURI: 'https://registry.example',
      eventRecordFormat: 'JSON',
      schemaValidationConfigs: [{ attribute: 'VALUE' }],
    }
    const reading = { ...common, schemaRegistryConfig, provisionedPollerConfig: { minimumPollers: 1 } }
    project = await Project.create(
      {
        filters: { events: [{ msk: { ...common, topic: filtered, filterPatterns } }] },
        none: { events: [{ msk: { ...common, topic: nothing, filterPatterns } }] },
        schemas: { events: [{ msk: { ...reading, topic: withSchema } }] },
        routed: {
          events: [{ msk: { ...reading, topic: toTopic, onFailureDestination: `kafka://${failed}` } }],
        },
        slow: { timeout: 900, events: [{ msk: { ...common, topic: nothing, maximumRetryAttempts: 1 } }] },
      },
      { filters: '', none: '', schemas: '', routed: '', slow: '' },
      { mskTrigger: { schemaRegistry: registry.uri } },
    )
    await project.start()
  })
  after(async () => {
    await project?.remove()
    await registry?.close()
    await kafka?.close()
  })

  const valuesOf = (functionKey: string) =>
    project
      .invocations(functionKey)
      .flatMap(recordsOf)
      .map(record => [record.offset, Buffer.from(record.value ?? '', 'base64').toString()])

  it('belong to functions whose cloud warnings are logged once at startup (rules 10, 25)', () => {
    const about = (line: RegExp) => project.output.split('\n').filter(one => line.test(one)).length
    assert.equal(
      about(/msk {2}msk event of function "slow": a function that reads Kafka may run for 840 seconds/),
      1,
    )
    assert.equal(
      about(/msk {2}msk event of function "slow": maximumRetryAttempts exists in provisioned mode/),
      1,
    )
  })

  it('are skipped if no filter admits them, and their offsets are committed (rule 39)', async () => {
    const order = '{"kind":"order"}'
    const other = '{"kind":"other"}'
    await kafka.send(
      filtered,
      [other, order, other, 'a text', other].map(value => ({ value })),
    )
    await kafka.untilCommitted(project.group('filters', filtered), filtered, [5])
    assert.deepEqual(valuesOf('filters'), [
      [1, order],
      [3, 'a text'],
    ])
  })

  it('cause no invocation if all of them are skipped, and are committed', async () => {
    await kafka.send(nothing, Array(20).fill({ value: '{"kind":"other"}' }))
    await kafka.untilCommitted(project.group('none', nothing), nothing, [20])
    assert.deepEqual(project.invocations('none'), [])
  })

  it('are decoded with the registry, or dropped with a log line (rules 14, 15)', async () => {
    const values = [framed(7, '{"n":1}'), framed(99, '{}'), framed(7, '{"n":"x"}'), framed(7, '{"n":2}')]
    await kafka.send(
      withSchema,
      values.map(value => ({ value })),
    )
    await kafka.untilCommitted(project.group('schemas', withSchema), withSchema, [4])
    assert.deepEqual(valuesOf('schemas'), [
      [0, '{"n":1}'],
      [3, '{"n":2}'],
    ])
    const [first] = project.invocations('schemas').flatMap(recordsOf)
    assert.deepEqual(first && 'valueSchemaMetadata' in first && first.valueSchemaMetadata, {
      dataFormat: 'JSON',
      schemaId: '7',
    })
    const about = (offset: number, reason: string) =>
      project.output
        .split('\n')
        .filter(line => line.includes(`${withSchema}-0@${offset}`) && line.includes(reason))
    assert.equal(about(1, 'SCHEMA_NOT_FOUND').length, 1)
    assert.equal(about(2, 'DESERIALIZATION_ERROR').length, 1)
  })

  it('go to the destination if there is one', async () => {
    await kafka.send(toTopic, [{ key: 'k', value: framed(99, '{}') }])
    await kafka.untilCommitted(project.group('routed', toTopic), toTopic, [1])
    const [end] = await kafka.admin.fetchTopicOffsets(failed)
    assert.equal(end?.offset, '1')
    assert.deepEqual(project.invocations('routed'), [])
  })

  it('wait while the registry is unavailable, and none of them is lost', async () => {
    registry.answerWith(503)
    const before = project.invocations('schemas').length
    const asked = registry.requests.length
    registry.schemas.set(8, { schema: SCHEMA, schemaType: 'JSON' })
    await kafka.send(withSchema, [{ value: framed(8, '{"n":3}') }])
    await until('the registry to be asked again and again', () => registry.requests.length > asked + 2)
    assert.equal(project.invocations('schemas').length, before)
    assert.match(project.output, /the schema registry does not answer at .*503/)
    registry.answerWith(200)
    await kafka.untilCommitted(project.group('schemas', withSchema), withSchema, [5])
    assert.deepEqual(valuesOf('schemas').at(-1), [4, '{"n":3}'])
  })
})
