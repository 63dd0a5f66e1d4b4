import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { AlertLimit } from '../../../../localstack/start/alert-feed.ts'

describe('the alerts on the terminal', () => {
  it('given many at once, then five have a line in five seconds, and the others are summed up', () => {
    const limit = new AlertLimit()
    const lines: string[] = []
    for (let atMs = 0; atMs < 10_000; atMs += 100) lines.push(...limit.add(`alert ${atMs}`, atMs))
    lines.push(...limit.flush(10_000), ...limit.flush(20_000))
    assert.deepEqual(
      lines.map(line => line.replace(/\d+$/, '')),
      [
        ...Array(5).fill('alert '),
        '… and 45 changes of alerts in 5 s: npx sluice alerts list',
        ...Array(5).fill('alert '),
        '… and 45 changes of alerts in 5 s: npx sluice alerts list',
      ],
    )
  })

  it('given a few, then each has its line', () => {
    const limit = new AlertLimit()
    const lines = [0, 10, 4_000, 6_000].flatMap(atMs => limit.add(`${atMs}`, atMs))
    assert.deepEqual([...lines, ...limit.flush(60_000)], ['0', '10', '4000', '6000'])
  })
})
