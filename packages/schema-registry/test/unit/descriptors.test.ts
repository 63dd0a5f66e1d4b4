/** Protobuf schemas as text, and as the descriptors that clients such as Confluent's Python client register. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { loadCodec } from '@sluice/schema-registry'

const FOLDER = join(import.meta.dirname, 'protos')
const descriptors: Record<string, string> = JSON.parse(readFileSync(join(FOLDER, 'descriptors.json'), 'utf8'))
const readText = (name: string) => readFileSync(join(FOLDER, name), 'utf8')
const PLACE = 'shared/place.proto'
const TIMESTAMP = 'google/protobuf/timestamp.proto'

const codec = (text: string, references: readonly { name: string; text: string }[] = []) =>
  loadCodec({ format: 'PROTOBUF', text, references })

/** A sensor's report, as confluent-kafka has serialized it, without its index. */
const SENSOR = Buffer.from('CgFzEQAAAAAAAPg/KAEyBgiA8tbKBjoLCgF4EgYIgPLWygZCCAoBYRIDCgFx', 'base64')
const READ = {
  sensorId: 's',
  temperatureC: 1.5,
  kind: 'KIND_ROOF',
  at: '2026-01-01T00:00:00Z',
  where: { siteName: 'x', surveyedAt: '2026-01-01T00:00:00Z' },
  places: { a: { siteName: 'q' } },
}

describe('given a Protobuf schema with references', () => {
  const forms = ['text', 'descriptor'] as const
  const as = (form: (typeof forms)[number], name: string) =>
    (form === 'text' ? readText(name) : descriptors[name]) as string
  for (const own of forms)
    for (const referenced of forms)
      for (const known of [[], [{ name: TIMESTAMP, text: as('descriptor', TIMESTAMP) }]])
        it(`as ${own}, its reference as ${referenced}, and ${known.length} well-known files, then data is read`, async () => {
          const references = [...known, { name: PLACE, text: as(referenced, PLACE) }]
          const { read, decode } = await codec(as(own, 'fleet.proto'), references)
          // In a descriptor, the entry of the map before it has an index, too.
          const index = own === 'text' ? [4, 2, 0] : [4, 2, 2]
          const body = Buffer.concat([Buffer.from(index), SENSOR])
          assert.deepEqual(read(body), READ)
          assert.deepEqual(JSON.parse(decode(body)), READ)
        })

  it('as a descriptor, then an index of the entry of a map is refused', async () => {
    const references = [{ name: PLACE, text: as('descriptor', PLACE) }]
    const { read } = await codec(as('descriptor', 'fleet.proto'), references)
    assert.throws(() => read(Buffer.from([4, 2, 0])), /names message 1\.0, which the schema does not have/)
  })

  it('as descriptors, but without one of them, then the schema cannot be used', async () => {
    await assert.rejects(codec(as('descriptor', 'fleet.proto')), { code: 'not-decodable' })
  })
})

describe('given a descriptor', () => {
  it('with an edition, then its features say which fields are implied', async () => {
    const { read } = await codec(descriptors['edition.proto'] as string)
    assert.deepEqual(read(Buffer.of(0)), { impliedN: 0 })
  })

  it('that is cut off, then the schema cannot be used', async () => {
    const cut = Buffer.from(descriptors['fleet.proto'] as string, 'base64').subarray(0, 100)
    await assert.rejects(codec(cut.toString('base64')), /its schema cannot be used/)
  })
})
