import assert from 'node:assert/strict'
import { it } from 'node:test'
import { untilIdle } from '../../support/wait.ts'

for (const [given, usedMs, endsMs] of [
  ['that does nothing', () => 7, 1_500],
  ['that is starved, and works for two seconds', ms => Math.min(ms, 2_000) / 30, 2_500],
  ['that computes without an end', ms => ms, 3_000],
] as readonly (readonly [string, (waitedMs: number) => number, number])[])
  it(`given a process ${given}, then it has the time that is left for it`, async () => {
    let waitedMs = 0
    const wait = async (ms: number) => {
      waitedMs += ms
    }
    await untilIdle(1_400, 3_000, () => usedMs(waitedMs), wait)
    assert.equal(waitedMs, endsMs)
  })
