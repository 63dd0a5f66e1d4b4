import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { readSettings } from '../../config/settings.ts'
import { refusals } from './refusals.ts'

describe('settings under custom.mskTrigger', () => {
  it('have defaults for all but the brokers', () => {
    assert.deepEqual(readSettings({ brokers: ['a:9092', 'b:9093'] }, {}), {
      brokers: ['a:9092', 'b:9093'],
      clusters: {},
      groupPrefix: '',
      retryDelayMs: 200,
      maxRetryDelayMs: 30_000,
      sessionTimeoutMs: 45_000,
      schemaRegistry: undefined,
      ssl: false,
      sasl: undefined,
      faults: undefined,
      reports: undefined,
      health: undefined,
      lingerMs: 0,
      afterPartialResponse: 'resume-at-failure',
    })
  })

  it('take brokers as a list or as text', () => {
    assert.deepEqual(readSettings({ brokers: 'a:1, [::1]:2' }, {}).brokers, ['a:1', '[::1]:2'])
  })

  it('give KAFKA_BROKERS precedence', () => {
    assert.deepEqual(readSettings({ brokers: 'a:1' }, { KAFKA_BROKERS: 'b:2' }).brokers, ['b:2'])
    assert.deepEqual(readSettings(undefined, { KAFKA_BROKERS: 'b:2' }).brokers, ['b:2'])
  })

  it('take a registry, and give SCHEMA_REGISTRY_URL precedence', () => {
    const custom = { brokers: 'a:1', schemaRegistry: 'http://a:1/api' }
    assert.equal(readSettings(custom, {}).schemaRegistry, 'http://a:1/api')
    assert.equal(readSettings(custom, { SCHEMA_REGISTRY_URL: 'http://b' }).schemaRegistry, 'http://b')
  })

  it('take a file for reports, and give MSK_TRIGGER_REPORTS precedence', () => {
    const custom = { brokers: 'a:1', reports: 'a.jsonl' }
    assert.equal(readSettings(custom, {}).reports, 'a.jsonl')
    assert.equal(readSettings(custom, { MSK_TRIGGER_REPORTS: 'b.jsonl' }).reports, 'b.jsonl')
    assert.equal(readSettings(custom, { MSK_TRIGGER_HEALTH: 'reads' }).health, 'reads')
  })

  const refused = refusals(`
    broker: 'a:1' → mskTrigger.broker is not a setting; known are: brokers
    toString: 1 → mskTrigger.toString is not a setting
    brokers: [a] → mskTrigger.brokers must be a list of host:port, not ["a"]
    brokers: [] → must be a list of host:port
    groupPrefix: 7 → mskTrigger.groupPrefix must be a string, not 7
    lingerMs: -1 → lingerMs must be whole milliseconds, at least 0, not -1
    retryDelayMs: '5' → retryDelayMs must be whole milliseconds…"5"
    sessionTimeoutMs: 100 → at least 6000, not 100
    maxRetryDelayMs: 1 → must not be less than retryDelayMs
    schemaRegistry: 'a:1' → mskTrigger.schemaRegistry must be an address like
    afterPartialResponse: never → mskTrigger.afterPartialResponse must be resume-at-failure or retry-only-failed, not "never"
  `)
  for (const [row, custom, message] of refused)
    it(`are rejected: ${row}`, () =>
      assert.throws(() => readSettings({ brokers: 'a:1', ...custom }, {}), message))

  it('given several that are wrong, then each is named, the variable where the value came from one', () => {
    const custom = { retryDelayMs: -1, faults: '', colour: 'red' }
    assert.throws(() => readSettings(custom, { KAFKA_BROKERS: 'a' }), {
      message: [
        'KAFKA_BROKERS must be a list of host:port, not "a"',
        'custom.mskTrigger.retryDelayMs must be whole milliseconds, at least 0, not -1',
        'custom.mskTrigger.faults must be a string, not ""',
        'custom.mskTrigger.colour is not a setting; known are: brokers, clusters, groupPrefix, retryDelayMs, maxRetryDelayMs, ' +
          'sessionTimeoutMs, schemaRegistry, ssl, sasl, faults, reports, health, lingerMs, afterPartialResponse',
      ].join('\n'),
    })
  })

  it('are rejected in place of a map', () =>
    assert.throws(() => readSettings('a:1', {}), /custom\.mskTrigger must be a map, not a string/))
})
