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
  let withSchema: string

  before(async () => {
    kafka = await TestKafka.connect()
    registry = await startSchemaRegistry()
    registry.schemas.set(7, { schema: SCHEMA, schemaType: 'JSON' })
    withSchema = await kafka.topic('schema', 1)
    const common = { arn, maximumBatchingWindow: 0 }
    const schemaRegistryConfig = {
      schemaRegistryURI: 'https://registry.example',
      eventRecordFormat: 'JSON',
      schemaValidationConfigs: [{ attribute: 'VALUE' }],
    }
    const reading = { ...common, schemaRegistryConfig, provisionedPollerConfig: { minimumPollers: 1 } }
    project = await Project.create(
      {
        schemas: { events: [{ msk: { ...reading, topic: withSchema } }] },
      },
      { schemas: '' },
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
