import assert from 'node:assert/strict'
import { it } from 'node:test'
import { formatDigits, formatNumber } from '../../../../console/page/components/value-texts.ts'

it('given a number that would push the others off the page, then it has an exponent', () => {
  assert.deepEqual([1e100, -Number.MAX_VALUE, 1e21].map(formatNumber), [
    '1e+100',
    '-1.7976931348623157e+308',
    '1e+21',
  ])
  assert.deepEqual([1e308, 1234.5678, 1e20].map(formatDigits), [
    '1e+308',
    '1,234.5678',
    '100,000,000,000,000,000,000',
  ])
  assert.deepEqual([1234.5678, 0].map(formatNumber), ['1,234.57', '0'])
})
