import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { DEFAULT_OPEN_CHOICES } from '../../config/open-choices.ts'
import { readSettings } from '../../config/settings.ts'

const readOpenChoices = (open: unknown) => readSettings({ brokers: 'a:1', open }, {}).open

describe('behaviour that AWS does not specify', () => {
  it('is by default what AWS documents of streams, or else the harder choice', () => {
    assert.deepEqual(readOpenChoices(undefined), DEFAULT_OPEN_CHOICES)
    assert.deepEqual(DEFAULT_OPEN_CHOICES, {
      afterPartialResponse: 'resume-at-failure',
      exhaustedAfterPartialResponse: 'reported',
      bisectAfterPartialResponse: 'never',
      bisectRetries: 'uncharged',
      discardUnit: 'batch',
      overAgeCondition: 'RecordAgeExceeded',
      kafkaCondition: 'RetriesExhausted',
      tombstone: 'absent',
      filteredRecords: 'not-counted',
      s3Key: 'by-date',
      partialResponseKey: 'partition',
      registryJson: 'base64',
    })
  })

  it('is as configured', () => {
    const read = readOpenChoices({ tombstone: 'null' })
    assert.deepEqual(read, { ...DEFAULT_OPEN_CHOICES, tombstone: 'null' })
  })

  for (const [given, message] of [
    ['yes', 'custom.mskTrigger.open must be a map, not "yes"'],
    [{ tombstone: 'nil' }, 'custom.mskTrigger.open.tombstone must be absent or null, not "nil"'],
    [{ tombstones: 'null' }, /^custom\.mskTrigger\.open\.tombstones is not a setting; known are: after/],
  ] as const) {
    it(`rejects ${JSON.stringify(given)}`, () => {
      assert.throws(() => readOpenChoices(given), { message })
    })
  }
})
