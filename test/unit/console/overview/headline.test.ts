import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { chooseHeadline, describeTotal } from '../../../../console/page/overview/headline.ts'

const STALLED = { functions: ['alerting'], reason: 'it is off', advice: 'Turn it on.', sinceMs: 0 }
const FIRING = [
  { severity: 'critical', count: 1 },
  { severity: 'warning', count: 2 },
]
const WELL = { standing: [], firing: [], openDeadLetters: 0 }

describe('the first sentence of the overview', () => {
  it('given nothing stalled, no alert and no open dead letter, then everything flows', () => {
    const { tone, text, letters } = chooseHeadline(WELL)
    assert.deepEqual([tone, text, letters], ['good', 'Everything flows.', undefined])
  })

  it('given alerts that fire, then it has their number by severity, and is bad if one is critical', () => {
    assert.deepEqual(chooseHeadline({ ...WELL, firing: FIRING }), {
      tone: 'bad',
      text: 'Nothing has stalled, but 1 critical and 2 warning alerts are firing.',
    })
    assert.deepEqual(chooseHeadline({ ...WELL, firing: [{ severity: 'warning', count: 1 }] }), {
      tone: 'warn',
      text: 'Nothing has stalled, but 1 warning alert is firing.',
    })
  })

  it('given open dead letters, then it warns and counts them, though nothing has stalled', () => {
    const { tone, text, letters } = chooseHeadline({ ...WELL, openDeadLetters: 15 })
    assert.deepEqual([tone, letters], ['warn', '15 open dead letters'])
    assert.equal(text, 'Nothing has stalled, but records have failed:')
  })

  it('given a stalled function, an alert and an open dead letter, then all are reported', () => {
    const { tone, text, letters } = chooseHeadline({
      standing: [STALLED],
      firing: FIRING,
      openDeadLetters: 1,
    })
    assert.deepEqual([tone, letters], ['bad', '1 open dead letter'])
    assert.match(text, /^The flow has stalled, and 1 critical and 2 warning alerts are firing\. /)
  })

  for (const [open, total, text] of [
    [3, 12, '12 in all'],
    [5, 5, 'none handled yet'],
    [0, 0, 'none so far'],
    [null, 5, '5 in all'],
    [null, null, '–'],
  ] as const)
    it(`given ${open} open dead letters of ${total}, then their number says "${text}"`, () =>
      assert.equal(describeTotal(open, total, 'handled'), text))

  it('given dead letters that are not counted yet, then it does not claim that all is well', () => {
    assert.equal(chooseHeadline({ ...WELL, openDeadLetters: null }).tone, 'plain')
  })
})
