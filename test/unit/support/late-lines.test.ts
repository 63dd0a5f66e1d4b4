import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { listTroubles } from '../../support/late-lines.ts'

const LATE = 'timeout: the handler took longer than 60000 ms'
const stall = (reason: string) => `✗ alerting is stalled: ${reason}. It is retried. More: alerting.log`
const CONTINUES = '✓ alerting continues (after 3 s)'

describe('troubles of a run of npm start', () => {
  for (const [title, lines, count] of [
    ['a stall by a timeout that has ended', [stall(LATE), CONTINUES], 0],
    ['a stall by a timeout that has not ended', [stall(LATE)], 1],
    ['the end of the stall of another function', [stall(LATE), '✓ notifier continues (after 3 s)'], 1],
    ['a stall by an error that has ended', [stall('no rules here'), CONTINUES], 1],
    [
      'a scheduled run without time',
      ['✗ clock failed: [504] - Lambda timeout. Its schedule runs it again.'],
      0,
    ],
    ['a scheduled run with an error', ['✗ clock failed: no rules here. Its schedule runs it again.'], 1],
  ] as const)
    it(`given ${title}, then there are ${count}`, () => {
      assert.equal(listTroubles(['', ...lines, ''].join('\n')).length, count)
    })
})
