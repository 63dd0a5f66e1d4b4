import assert from 'node:assert/strict'
import { frame, loadCodec, unframe } from '@sluice/schema-registry'

const fields = [{ name: 'cents', type: 'int' }]
const text = JSON.stringify({ type: 'record', name: 'Order', fields })
const codec = await loadCodec({ format: 'AVRO', text, references: [] })

// The value of a record: a zero byte, the id of the schema in the registry, and the data.
const value = frame(7, codec.encode({ cents: 250 }))

const { schemaId, body } = unframe(value)
assert.equal(schemaId, 7)
assert.deepEqual(codec.read(body), { cents: 250 })
