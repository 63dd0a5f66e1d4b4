import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  computeBucket,
  computeLimit,
  computeRarity,
  emptyHistograms,
  type Histograms,
  withCounts,
} from '../../../../lib/alerting/anomaly/histograms.ts'

const counted = (histograms: Histograms, values: readonly number[]) =>
  values.reduce((before, value) => withCounts(before, [computeBucket(value)]), histograms)

test('given more than 8,192 numbers, then older ones count half, and each is as rare as before', () => {
  const values = Array.from({ length: 8_192 }, (_, index) => (index % 8 === 0 ? 100 : 1))
  const full = counted(emptyHistograms(1), values)
  assert.deepEqual(full.n, [8_192])
  const halved = counted(full, [1])
  assert.deepEqual(halved.n, [4_097])
  assert.equal(
    halved.c.reduce((sum, count) => sum + count),
    4_097,
  )
  assert.ok(Math.abs(computeRarity(halved, 0, 50) - computeRarity(full, 0, 50)) < 0.01)
})

test('given old numbers, then half as many new ones weigh as much', () => {
  const old = counted(emptyHistograms(1), Array(8_192).fill(1))
  const both = counted(old, Array(4_096).fill(100))
  assert.ok(Math.abs(computeRarity(both, 0, 50) - Math.log10(2)) < 0.01)
})

test('given that nothing was ever above 0, then any size is rare', () => {
  const constant = counted(emptyHistograms(1), Array(1_000).fill(0))
  const rare = computeRarity(constant, 0, 1)
  assert.ok(rare > 4)
  assert.ok(computeLimit(constant, 0, rare) <= 1e-9)
  assert.equal(computeLimit(emptyHistograms(1), 0, rare), Number.POSITIVE_INFINITY)
})
