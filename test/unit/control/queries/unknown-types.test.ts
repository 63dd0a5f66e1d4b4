import assert from 'node:assert/strict'
import { it } from 'node:test'
import { environmentReading, logRecord } from '#runtime/test/support/records'
import { MemoryLogReader } from '#runtime/testing'
import { checkTypes } from '../../../../control/diagnosis/checks/producers.ts'
import {
  findUnknownTypes,
  listKeyedReadings,
  readNewest,
} from '../../../../control/queries/records/unknown-types.ts'
import { describeMergedKeys } from '../../../../lib/intake/merged-keys.ts'
import { FAMILIES } from '../../../support/families.ts'

it('given readings of which some have a type that no family has, then each such type is a finding with what to write', () => {
  const types = ['com.sensor.status', 'com.sensor.data', 'com.sensor.data', undefined]
  const records = types.map((type, offset) => {
    const reading = environmentReading('a')
    return { ...logRecord(offset, type ? { ...reading, type } : reading), topic: 'telemetry' }
  })
  const find = (start: number) => findUnknownTypes(FAMILIES, 'telemetry', records.slice(start))
  const [data, status, ...more] = checkTypes('telemetry', { seen: find(0) })
  assert.deepEqual([data?.verdict, status?.verdict, more.length], ['wrong', 'wrong', 0])
  assert.match(
    String(data?.says),
    /^2 of the newest records have the type com\.sensor\.data, which no family has/,
  )
  assert.match(String(data?.todo), /"type: com\.sensor\.data" .* "inputs: \[\{ topic: telemetry \}\]"/)
  assert.equal(checkTypes('telemetry', { seen: find(3) })[0]?.verdict, 'ok')
})

it('given readings of two sensors under one entity, then it is named with keys and partitions', async () => {
  const { subject: _, ...reading } = environmentReading('a')
  const records = ['temp-1', 'hum-1', 'temp-1', 'hum-1'].map((key, at) => ({
    ...logRecord(at >> 1, reading),
    ...{ topic: 'telemetry', partition: at % 2, key: Buffer.from(key) },
  }))
  const ends = [0, 1].map(() => ({ start: 0, end: 2 }))
  const newest = await readNewest(new MemoryLogReader(records), 'telemetry', ends)
  assert.deepEqual(describeMergedKeys(listKeyedReadings(FAMILIES, newest)), [
    `records with 2 keys (temp-1, hum-1), in partitions 0–1, become the one entity ${reading.source}`,
  ])
})
