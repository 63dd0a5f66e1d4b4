/** Mappings and foreign records for tests. */
import '../../support/shipped-config.ts'
import { readFileSync } from 'node:fs'
import { isFailure } from '#runtime/cloudevents'
import type { Event, Failure, ForeignRecord } from '#runtime/consumer'
import { schemaViolation } from '../../../lib/app/data/schema-violation.ts'
import { createRecordReader } from '../../../lib/intake/read-record.ts'
import type { Mapping } from '../../../lib/mapping/mapping.ts'
import { readMapping } from '../../../lib/mapping/parse-mapping.ts'
import { inZone } from '../../../lib/mapping/read-time.ts'
import { FAMILIES } from '../../support/families.ts'

const FOLDER = new URL('../../../config/mappings/', import.meta.url)

export function shippedText(name: string): string {
  return readFileSync(new URL(`${name}.yaml`, FOLDER), 'utf8')
}

export function shipped(name: string): Mapping {
  return inZone(readMapping(FAMILIES, shippedText(name), name, `${name}.yaml`), 'UTC')
}

export function foreignRecord(value: unknown, changes: Partial<ForeignRecord> = {}): ForeignRecord {
  const bytes = Buffer.isBuffer(value) || value === null ? value : Buffer.from(JSON.stringify(value))
  const place = { topic: 'sensors', partition: 1, offset: 7, timestampMs: 0 }
  return { ...place, key: null, headers: [], value: bytes, ...changes }
}

/** Returns the mapped record. */
export function read(
  mappings: Mapping | readonly Mapping[],
  record: ForeignRecord,
  event?: Event,
): Event | Failure {
  const { topic } = record
  const inputs = new Map([[topic, { topic, loadedMappings: [mappings].flat() }]])
  return createRecordReader(FAMILIES, inputs)(record, event) as Event | Failure
}

/** The reading, which fits its schema. */
export function mapReading(mapping: Mapping, value: unknown, changes: Partial<ForeignRecord> = {}): Event {
  const event = read(mapping, foreignRecord(value, changes))
  if (isFailure(event)) throw new Error(`no reading: ${event.message}`)
  const violation = schemaViolation(FAMILIES, event.type, event.data)
  if (violation) throw new Error(violation)
  return event
}

/** `code: message` of the failure. */
export function mapFailure(mapping: Mapping, value: unknown): string {
  const found = read(mapping, foreignRecord(value))
  if (!isFailure(found)) throw new Error('it became a reading')
  return `${found.code}: ${found.message.replace('no mapping takes it; the nearest is ', '')}`
}

const MINIMAL = `
family: device
time: { from: at, timeZone: UTC }
fields: { deviceId: id, model: model, x: x }
`

/** A mapping of devices, with other lines instead of or beside its own. */
export function deviceMapping(changes: Readonly<Record<string, string>> = {}): Mapping {
  return readMapping(FAMILIES, deviceText(changes), 'test', 'test.yaml')
}

export function deviceText(changes: Readonly<Record<string, string>> = {}): string {
  const kept = MINIMAL.trim()
    .split('\n')
    .filter(line => !Object.hasOwn(changes, line.split(':')[0] ?? ''))
  return [...kept, ...Object.entries(changes).map(([key, value]) => `${key}: ${value}`)].join('\n')
}
