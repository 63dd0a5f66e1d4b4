import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { chooseHeadline } from '../../../../console/page/overview/headline.ts'

const STALLED = { functions: ['alerting'], reason: 'it is off', advice: 'Turn it on.', sinceMs: 0 }

describe('the first sentence of the overview', () => {
  it('given nothing stalled and no open dead letter, then everything flows', () => {
    const { tone, text, letters } = chooseHeadline({ standing: [], openDeadLetters: 0 })
    assert.deepEqual([tone, text, letters], ['good', 'Everything flows.', undefined])
  })

  it('given open dead letters, then it warns and counts them, though nothing has stalled', () => {
    const { tone, letters } = chooseHeadline({ standing: [], openDeadLetters: 15 })
    assert.deepEqual([tone, letters], ['warn', '15 open dead letters'])
  })

  it('given a stalled function and an open dead letter, then both are reported', () => {
    const { tone, letters } = chooseHeadline({ standing: [STALLED], openDeadLetters: 1 })
    assert.deepEqual([tone, letters], ['bad', '1 open dead letter'])
  })

  it('given dead letters that are not counted yet, then it does not claim that all is well', () => {
    assert.equal(chooseHeadline({ standing: [], openDeadLetters: null }).tone, 'plain')
  })
})
