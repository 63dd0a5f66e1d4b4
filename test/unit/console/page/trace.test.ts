import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { traceIdOf } from '../../../../console/page/data/trace.ts'

const TRACE = '0af7651916cd43dd8448eb211c80319c'
const REST = 'b7ad6b7169203331-01'

describe('the trace of a traceparent', () => {
  it('given one of version 00 or of a later version, then its trace is known', () => {
    assert.equal(traceIdOf(`00-${TRACE}-${REST}`), TRACE)
    assert.equal(traceIdOf(`01-${TRACE}-${REST}-more`), TRACE)
  })

  for (const none of [
    null,
    undefined,
    7,
    '',
    'javascript:1',
    `00-${TRACE}`,
    `ff-${TRACE}-${REST}`,
    `00-${TRACE}-${REST}-more`,
    `00-${'0'.repeat(32)}-${REST}`,
  ])
    it(`given ${none === '' ? 'an empty text' : none}, then it has none`, () =>
      assert.equal(traceIdOf(none), undefined))
})
