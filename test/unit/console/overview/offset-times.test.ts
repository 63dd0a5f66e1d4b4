import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { OffsetTimes } from '../../../../console/api/overview/waits.ts'

const known = (...looks: readonly (readonly [end: number, atMs: number])[]) => {
  const times = new OffsetTimes()
  for (const [end, atMs] of looks) times.ended('readings', 0, end, atMs)
  return times
}

describe('when records were written, by looks at the end of their log', () => {
  it('given a record between two looks, then it was written between them', () => {
    const times = known([100, 10_000], [110, 20_000])
    assert.equal(times.timeOf('readings', 0, 104), 15_000)
    assert.equal(times.timeOf('readings', 0, 109), 20_000)
  })

  it('given a record before the first look, or after the last, then nothing is known', () => {
    const times = known([100, 10_000], [110, 20_000])
    assert.equal(times.timeOf('readings', 0, 50), undefined)
    assert.equal(times.timeOf('readings', 0, 99), undefined)
    assert.equal(times.timeOf('readings', 0, 110), undefined)
    assert.equal(times.timeOf('readings', 1, 104), undefined)
  })

  it('given an old record that was read, then it and those after it are known', () => {
    const times = known([100, 10_000], [110, 20_000])
    times.written('readings', 0, 49, 1_000)
    assert.equal(times.timeOf('readings', 0, 49), 1_000)
    assert.equal(times.timeOf('readings', 0, 74), 5_500)
    assert.equal(times.timeOf('readings', 0, 48), undefined)
  })

  it('given a record that was read, then it stays known, however many looks follow', () => {
    const times = new OffsetTimes()
    for (let look = 0; look < 1_000; look++) {
      times.ended('readings', 0, 100 + look * 10, 10_000 + look * 2_000)
      if (look === 400) times.written('readings', 0, 49, 1_000)
      if (look >= 400) assert.equal(times.timeOf('readings', 0, 49), 1_000, `look ${look}`)
    }
    // Between the first look at that time and the first one that is kept, the records may have come at any time.
    assert.equal(times.timeOf('readings', 0, 6_000), undefined)
    times.written('readings', 0, 6_000, 500_000)
    assert.equal(times.timeOf('readings', 0, 6_000), 500_000)
    assert.equal(times.timeOf('readings', 0, 49), 1_000)
  })

  it('given a topic with several consumers, then a look counts once, and ten minutes are known', () => {
    const times = new OffsetTimes()
    for (let look = 0; look < 300; look++)
      for (let consumer = 0; consumer < 5; consumer++)
        times.ended('readings', 0, 100 + look * 10, 10_000 + look * 2_000)
    assert.equal(times.timeOf('readings', 0, 109), 12_000)
  })

  it('given a log that ends earlier than before, then it is another one, and nothing of the first is known', () => {
    const times = known([100, 10_000], [110, 20_000], [5, 30_000], [9, 32_000])
    assert.equal(times.timeOf('readings', 0, 104), undefined)
    assert.equal(times.timeOf('readings', 0, 6), 31_000)
  })
})
