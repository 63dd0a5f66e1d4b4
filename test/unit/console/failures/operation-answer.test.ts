import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { operationAnswer } from '../../../../console/api/failures/operation-answer.ts'
import { type KeptOperation, withBegun } from '../../../../lib/operations/dead-letters/kept.ts'
import type { HandlingRequest } from '../../../../lib/operations/dead-letters/request.ts'

const ID = '2026-11-21T12:07:00.123Z-3f9a2c'
const BEGUN_MS = Date.parse('2026-11-21T12:07:00.123Z')

function answered(request: Partial<HandlingRequest>, changes: Partial<KeptOperation> = {}) {
  const asked = { command: 'redrive' as const, ats: [], filter: {}, ...request }
  const [begun] = withBegun(undefined, { id: ID, request: asked, by: 'ann' }, BEGUN_MS)
  return operationAnswer({ ...(begun as KeptOperation), ...changes }, 'local', BEGUN_MS + 1_000)
}

const passed = (scanned: number, leftOut = {}) => ({ taken: 0, leftOut, next: {}, scanned })

describe('an operation on the page', () => {
  it('given conditions, then it tells them, how far it is, and what goes on with it elsewhere', () => {
    const filter = { code: 'rejected', sinceMs: BEGUN_MS }
    const answer = answered({ filter, perSecond: 5 }, { total: 40, passed: passed(10) })
    assert.deepEqual([answer.begunAtMs, answer.part], [BEGUN_MS, 0.25])
    assert.deepEqual(answer.conditions, { code: 'rejected', since: '2026-11-21T12:07:00.123Z' })
    assert.equal(
      answer.resume,
      `sluice dlq redrive --code rejected --since 2026-11-21T12:07:00.123Z --rate 5/s --env local --yes --resume ${ID}`,
    )
  })

  it('given letters by name, then it is as far as they are, because only their places are read', () => {
    const changes = { total: 1_000, taken: 1, passed: passed(0, { quarantined: 1 }) }
    const { part, named, leftOut } = answered({ ats: ['0@1', '0@2', '0@3', '0@4'] }, changes)
    assert.deepEqual([part, named, leftOut[0]?.count], [0.5, 4, 1])
    assert.match(leftOut[0]?.because ?? '', /^quarantined: people have redriven/)
  })

  it('given one that has not begun to read, then how far it is is not known', () => {
    assert.equal(answered({ filter: { code: 'x' } }).part, null)
  })

  it('given one that is finished, then it is whole, and nothing goes on with it', () => {
    const { part, resume } = answered({}, { state: 'finished', total: 10, passed: passed(9) })
    assert.deepEqual([part, resume], [1, null])
  })
})
