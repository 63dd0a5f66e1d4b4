import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { stateOf, urgencyOf } from '../../../../console/page/overview/states.ts'

const STANDING = [{ functions: ['dead'], reason: 'it has no members', advice: '', sinceMs: 0 }]
const VALUES = { 'lag/dead/t': 9, 'lag/late/t': 9, 'wait/late/t': 60, 'lag/busy/t': 9, 'lag/idle/t': 0 }

const of = (name: string) => stateOf({ function: name, topic: 't' }, { standing: STANDING, values: VALUES })

describe('how a consumer fares', () => {
  it('given its lag and what stands still, then words say how it fares', () => {
    assert.deepEqual(
      ['dead', 'late', 'unknown', 'busy', 'idle'].map(name => of(name).text),
      ['stands still: it has no members', 'behind', 'not known', 'flows', 'up to date'],
    )
  })

  it('given all states, when they are sorted, then the worst comes first, and then the unknown', () => {
    const names = ['idle', 'unknown', 'late', 'dead'].sort((a, b) => urgencyOf(of(a)) - urgencyOf(of(b)))
    assert.deepEqual(names, ['dead', 'late', 'unknown', 'idle'])
  })
})
