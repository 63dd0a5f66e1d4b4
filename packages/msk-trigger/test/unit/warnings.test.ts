import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { cloudWarnings } from '../../config/warnings.ts'

const arn = 'arn:aws:kafka:us-east-1:123456789012:cluster/c/id'
const provisioned = { provisionedPollerConfig: { minimumPollers: 1 } }
const warned = (event: object, definition: object = {}, provider = {}) =>
  cloudWarnings({ f: { events: [{ msk: { arn, topic: 'orders', ...event } }], ...definition } }, provider)

const patterns = (count: number) => Array.from({ length: count }, (_, at) => ({ value: [`${at}`] }))

describe('a warning about the cloud is logged', () => {
  it('never for settings that work there', () => {
    assert.deepEqual(warned({ maximumBatchingWindow: 0, filterPatterns: patterns(5) }), [])
    assert.deepEqual(warned({ onFailureDestination: 'arn:aws:sqs:us-east-1:123456789012:q' }), [])
    assert.deepEqual(warned({ ...provisioned, maximumRetryAttempts: 1 }, { timeout: 840 }), [])
  })

  const schemaRegistryConfig = {
    schemaRegistryURI: 'https://r',
    eventRecordFormat: 'JSON',
    schemaValidationConfigs: [{ attribute: 'VALUE' }],
  }
  const provisionedOnly: [event: object, names: RegExp][] = [
    [
      { functionResponseType: 'ReportBatchItemFailures' },
      /: functionResponseType exists in provisioned mode only/,
    ],
    [
      { maximumRetryAttempts: -1, maximumRecordAgeInSeconds: 60, bisectBatchOnFunctionError: false },
      /: maximumRetryAttempts, maximumRecordAgeInSeconds, bisectBatchOnFunctionError exist in provisioned/,
    ],
    [{ schemaRegistryConfig }, /: schemaRegistryConfig exists/],
    [{ onFailureDestination: 'kafka://failed' }, /: a Kafka topic as destination exists/],
  ]
  for (const [event, names] of provisionedOnly) {
    // Promise packages/msk-trigger/RULES.md#rule 25
    it(`for ${Object.keys(event)} (rules 15, 25, 43)`, () => {
      const lines = warned(event)
      assert.equal(lines.length, 1)
      assert.match(lines.join(), /^msk event of function "f": /)
      assert.match(lines.join(), names)
      assert.deepEqual(warned({ ...event, ...provisioned }), [])
    })
  }

  it('for more patterns than AWS accepts without a raised quota (rule 37)', () => {
    assert.deepEqual(warned({ filterPatterns: patterns(6) }), [
      'msk event of function "f": filterPatterns has 6 patterns: AWS accepts 5, unless it has raised your quota',
    ])
  })

  it('for a topic of one character, which the API does not match', () => {
    assert.match(
      warned({ topic: 't' }).join(),
      /function "f": topic is "t", but AWS accepts 2 to 249 characters/,
    )
  })

  it('for a starting position in the future (rule 34)', () => {
    const startingPosition = { startingPosition: 'AT_TIMESTAMP', startingPositionTimestamp: 1_000 }
    assert.match(
      warned(startingPosition, {}, { nowMs: 999_999 }).join(),
      /startingPositionTimestamp is in the future/,
    )
    assert.deepEqual(warned(startingPosition, {}, { nowMs: 1_000_000 }), [])
  })

  it('for a time that no starting position uses', () => {
    const time = { startingPositionTimestamp: 1_000 }
    assert.match(
      warned({ ...time, startingPosition: 'LATEST' }).join(),
      /has no effect without startingPosition: AT_TIMESTAMP/,
    )
    assert.match(warned(time).join(), /has no effect without/)
  })

  // Promise packages/msk-trigger/RULES.md#rule 10
  it('for a timeout over 14 minutes (rule 10), wherever it is set', () => {
    assert.match(
      warned({}, { timeout: 841 }).join(),
      /may run for 840 seconds at most, but its timeout is 841/,
    )
    assert.match(warned({}, {}, { timeout: 900 }).join(), /its timeout is 900/)
    assert.deepEqual(warned({}, { timeout: 30 }, { timeout: 900 }), [])
  })
})

describe('destinations that are source topics (rule 43)', () => {
  const functions = (...pairs: [from: string, to: string][]) =>
    Object.fromEntries(
      pairs.map(([topic, to], index) => [
        `f${index}`,
        { events: [{ msk: { arn, topic, onFailureDestination: `kafka://${to}`, ...provisioned } }] },
      ]),
    )

  it('are accepted if another function reads them and does not send them back', () => {
    const reader = { events: [{ msk: { arn, topic: 'failed' } }] }
    assert.deepEqual(
      cloudWarnings({ ...functions(['orders', 'failed'], ['stock', 'failed']), reader }, {}),
      [],
    )
  })

  it('are rejected if they lead back', () => {
    assert.throws(
      () => cloudWarnings(functions(['a', 'b'], ['b', 'c'], ['c', 'a']), {}),
      /the destination of the msk event of function "f0" is kafka:\/\/b, whose own failures lead back to a/,
    )
    assert.throws(() => cloudWarnings(functions(['a', 'a']), {}), /must not be "kafka:\/\/a"/)
  })
})
