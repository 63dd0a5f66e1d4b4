/** A real schema registry: registering what ships, what it refuses, and events that are written with its ids. */
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { after, before, describe, it } from 'node:test'
import { loadCodec, RegistryClient, RegistrySubjects, unframe } from '@sluice/schema-registry'
import { brokers } from '@sluice/test-kit/servers'
import { environmentReading } from '#runtime/test/support/records'
import { getDataWriter } from '../../lib/app/data/data-writer.ts'
import { schemaSubject } from '../../lib/app/data/packaged-schemas.ts'
import { type Apicurio, startApicurio } from '../support/apicurio.ts'
import { TestEnvironment } from '../support/environment.ts'
import { FAMILIES, VOCABULARY } from '../support/families.ts'
import { ran } from '../unit/cli/terminal.ts'

const { type } = FAMILIES.get('environment')
const reading = environmentReading('r-1', { temperature: 21.5 })

describe('given a schema registry', () => {
  let registry: Apicurio
  let environment: TestEnvironment
  before(async () => {
    ;[registry, environment] = await Promise.all([startApicurio(), TestEnvironment.create()])
    await new RegistrySubjects(registry.uri).setRule('BACKWARD')
  })
  after(async () => {
    await registry?.stop()
    await environment?.close()
  })

  const run = (...args: string[]) => {
    const variables = { KAFKA_BROKERS: brokers().join(','), SLUICE_ENV: environment.name }
    return ran(['schemas', ...args, '--registry', registry.uri], { environment: variables })
  }
  const configFor = (otherwise: 'avro' | 'protobuf', url = registry.uri) => ({
    ...VOCABULARY,
    env: environment.name,
    contentMode: 'binary' as const,
    singleInvocation: false,
    serialization: { otherwise, named: new Map() },
    registry: { url },
  })

  // Promise docs/schemas.md#in-a-schema-registry | A writer does not start while its schema is not registered, and says what to do.
  it('when nothing is registered, then a writer does not start, and says what to do', async () => {
    await assert.rejects(getDataWriter(configFor('avro'), [type]), {
      name: 'ConfigError',
      message: /run `sluice schemas register`/,
    })
  })

  it('when schemas are registered, then check shows them before, and finds nothing to do after', async () => {
    const before = await run('check', 'environment')
    assert.equal(before.status, 0, before.stderr)
    assert.match(before.stdout, /^0 registered, 3 new, 0 next version, 0 refused\.$/m)
    const refused = await run('register', 'environment')
    assert.equal(refused.status, 2)
    assert.match(refused.stderr, /add --yes/)
    const registered = await run('register', 'environment', '--yes', '--json')
    assert.equal(registered.status, 0, registered.stderr)
    assert.match(registered.stderr, /^Registered \S+EnvironmentReading-protobuf: id \d+$/m)
    const { plan, result } = JSON.parse(registered.stdout)
    assert.deepEqual([plan.schemas.length, result.registered.length], [3, 3])
    const again = await run('register', 'environment', '--yes')
    assert.match(again.stdout, /^3 registered, 0 new, 0 next version, 0 refused\.\n$/m)
    const [audit, ...others] = await environment.audits()
    assert.deepEqual(
      [audit?.action, audit?.filter, audit?.counts, others],
      ['schemas register', { registry: registry.uri, types: type }, { registered: 3 }, []],
    )
    const listed = JSON.parse((await run('check', 'environment', '--json')).stdout)
    for (const { status, version } of listed.schemas) assert.deepEqual([status, version], ['registered', 1])
  })

  for (const format of ['avro', 'protobuf'] as const)
    it(`when an event is written in ${format}, then who knows only the id reads it`, async () => {
      const { data } = (await getDataWriter(configFor(format), [type])).write(reading)
      const { schemaId, body } = unframe(data as Buffer)
      const schema = await new RegistryClient(registry.uri).schema(schemaId)
      assert.ok(schema)
      assert.equal(schema.format, format.toUpperCase())
      assert.deepEqual((await loadCodec(schema)).read(body), reading.data)
    })

  it('when the last version differs, then check reports the compatible ones, and registers only those', async () => {
    const path = (name: string) => new URL(`../../events/schemas/avro/${name}`, import.meta.url)
    const motion = JSON.parse(await readFile(path('device.motion.v1.avsc'), 'utf8'))
    const load = JSON.parse(await readFile(path('database.reading.v1.avsc'), 'utf8'))
    const getField = (schema: typeof motion, name: string) =>
      schema.fields.findIndex((field: { name: string }) => field.name === name)
    motion.fields.splice(getField(motion, 'activity'), 1)
    load.fields[getField(load, 'tenant')].type = 'long'
    const getSubject = (text: string) => schemaSubject(VOCABULARY, text, 'avro', environment.name)
    await registry.register(getSubject(FAMILIES.get('device').type), JSON.stringify(motion), 'AVRO')
    await registry.register(getSubject(FAMILIES.get('database').type), JSON.stringify(load), 'AVRO')
    const { status, stdout, stderr } = await run('register', 'device', 'database', '--yes')
    assert.equal(status, 1)
    assert.match(stdout, /^~ next version {2}\S+DeviceMotion \(last version 1, /m)
    assert.match(stdout, /^! refused {7}\S+DatabaseReading \(last version 1, /m)
    assert.match(stdout, /^Registered \S+DeviceMotion: id \d+$/m)
    assert.match(stderr, /1 of 6 schemas would be refused/)
  })
})
