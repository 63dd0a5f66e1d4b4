import assert from 'node:assert/strict'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { loadMappings } from '../../../lib/mapping/adapters/mapping-files.ts'
import { recordIn, tried, UNTAKEN } from '../../../lib/operations/import/trial.ts'
import { PROJECT } from '../../support/program.ts'

const mappings = await loadMappings(join(PROJECT, 'config/mappings'), ['plain-sensor', 'weather', 'device'])

const MAPPED: [text: string, result: string][] = [
  ['{"sensor_id":"a","temperature":1}', 'plain-sensor'],
  ['{"temp":1,"station":"x","time":0}', 'weather'],
  ['{"sensor_id":"a","temperature":1,"temp":1,"time":0}', 'plain-sensor, also weather'],
]

const REFUSED: [text: string, result: RegExp][] = [
  ['{"sensor_id":"a","temperature":"hot"}', /^failed mapping-failed: mapping plain-sensor: "temperature"/],
  ['{"sensor_id":"a","temperature":1,"humidity":200}', /^failed schema-violated: .*humidity/],
  ['{"sensor_id":"a","temperature":1,"unit":"parsec"}', /^failed unit-mismatch: /],
  ['{"temp":1,"station":"x"}', /^failed mapping-failed: mapping weather: .*"timestamp"/],
  [
    '{"sensor_id":"a","temperature":12345678901234567890}',
    /^failed number-not-exact: mapping plain-sensor: "temperature" cannot be represented exactly/,
  ],
  ['{"specversion":"1.0"}', /^failed malformed-event: /],
  ['{"a":', /^failed unreadable: it is not a JSON object$/],
  ['[1]', /^failed unreadable: it is not a JSON object$/],
  [
    '{"sensor_id":"a","temperature":1,"location":{}}',
    /^untaken not-a-cloudevent: no mapping takes it \(plain-sensor: it has "location"; weather: it has no "temp"; device: it has no "model"\)$/,
  ],
  [
    '{"specversion":"1.0","id":"1","source":"/s","type":"t","temp":1}',
    /^untaken cloudevent: .*plain-sensor: it is a CloudEvent/,
  ],
]

describe('the result of mappings for a record', () => {
  for (const [text, expected] of MAPPED)
    it(`given ${text}, then it is mapped by ${expected}`, () => {
      const trial = tried(mappings, recordIn(text, ['file', 1]))
      assert.ok(trial.accepted)
      assert.equal([trial.mapping, ...trial.others].join(', also '), expected)
      assert.equal(trial.event.type, 'io.sluice.environment.reading.v1')
    })

  for (const [text, expected] of REFUSED)
    it(`given ${text}, then the reason is named`, () => {
      const trial = tried(mappings, recordIn(text, ['file', 1]))
      assert.ok(!trial.accepted)
      assert.match(
        `${UNTAKEN.has(trial.code) ? 'untaken' : 'failed'} ${trial.code}: ${trial.reason}`,
        expected,
      )
    })

  it('given a type that a mapping names, then one of another type says so', async () => {
    const events = await loadMappings(join(PROJECT, 'config/mappings'), ['sensor-cloudevent'])
    const trial = tried(events, recordIn('{"type":"other"}', []))
    assert.ok(!trial.accepted)
    assert.match(trial.reason, /sensor-cloudevent: "type" is not "com\.sensor\.data"/)
  })
})
