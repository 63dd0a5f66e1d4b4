import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { schemaViolation } from '../../../lib/app/data/schema-violation.ts'
import {
  findSilences,
  getPhase,
  type SilenceSet,
  toTimedSilence,
  withoutSilence,
  withSilence,
} from '../../../lib/notification/silences.ts'
import { silencesAt, silencesChanged, silencesTooLarge } from '../../../lib/notification/silences-changed.ts'
import { FAMILIES } from '../../support/families.ts'
import { at, fired, START_MS, silence } from './support.ts'

const ms = (second: number) => START_MS + second * 1000
const createSet = (...ids: readonly string[]) =>
  ids.reduce<SilenceSet | undefined>(
    (set, id, index) => withSilence(set, silence(id, 0, 100 + index, { rule: ['*'] }), ms(0)),
    undefined,
  ) as SilenceSet

describe('given silences', () => {
  // Promise docs/notifications.md#silences | A silenced alert is not told, and is told when the silence is over if it still fires.
  it('when one is added, then it holds from its start on and not at its end', () => {
    const one = silence('a', 10, 20, { rule: ['HIGH_*'] })
    assert.deepEqual(
      [9, 10, 19, 20].map(second => getPhase(one, ms(second))),
      ['pending', 'active', 'active', 'past'],
    )
    assert.deepEqual(
      [9, 10, 20].map(second => findSilences([toTimedSilence(one)], fired('x'), ms(second)).length),
      [0, 1, 0],
    )
  })

  it('when one names a rule, then the NoData alerts of that rule are silenced, too, and no others', () => {
    for (const [rule, of, match, count] of [
      ['NoData', 'HIGH_TEMP', { rule: ['HIGH_*'] }, 1],
      ['NoData', 'HIGH_TEMP', { rule: ['NoData'] }, 1],
      ['NoData', 'LOW', { rule: ['HIGH_*'] }, 0],
      ['LOW', 'HIGH_TEMP', { rule: ['HIGH_*'] }, 0],
      ['NoData', 'HIGH_TEMP', { rule: ['HIGH_*'], severity: ['info'] }, 0],
    ] as const) {
      const silences = [toTimedSilence(silence('a', 0, 9, match))]
      assert.equal(findSilences(silences, fired('x', { rule, labels: { rule: of } }), ms(1)).length, count)
    }
  })

  it('when one is ended, then it ends now, with who and why, and no other changes', () => {
    const by = { author: 'bob', comment: 'done early' }
    const set = withoutSilence(createSet('a', 'b'), 'a', by, ms(50)) as SilenceSet
    assert.deepEqual(
      set.silences.map(({ id, endsAt }) => [id, endsAt]),
      [
        ['a', at(50)],
        ['b', at(101)],
      ],
    )
    assert.deepEqual(set.change, { action: 'ended', silenceId: 'a', ...by })
    assert.deepEqual(
      silencesAt(set, ms(50)).silences.map(({ id }) => id),
      ['b'],
    )
  })

  it('when one is ended that has not begun, then it never holds', () => {
    const set = withSilence(undefined, silence('a', 100, 200, { rule: ['x'] }), ms(0))
    const ended = withoutSilence(set, 'a', { author: 'b', comment: '' }, ms(50))?.silences[0]
    assert.deepEqual([ended?.startsAt, ended?.endsAt], [at(50), at(50)])
  })

  it('when one is ended that has begun, then it keeps its start, and ends at the instant itself', () => {
    for (const second of [100, 150]) {
      const set = withSilence(undefined, silence('a', 100, 200, { rule: ['x'] }), ms(0))
      const ended = withoutSilence(set, 'a', { author: 'b', comment: '' }, ms(second))?.silences[0]
      assert.deepEqual([ended?.startsAt, ended?.endsAt], [at(100), at(second)])
    }
  })

  it('when the id is unknown, or the silence has ended, then all are unchanged', () => {
    const by = { author: 'b', comment: '' }
    assert.equal(withoutSilence(undefined, 'a', by, ms(0)), undefined)
    assert.equal(withoutSilence(createSet('a'), 'b', by, ms(0)), undefined)
    assert.equal(withoutSilence(createSet('a'), 'a', by, ms(100)), undefined)
  })

  it('when they change at one instant, or after all was lost, then the revision grows', () => {
    assert.equal(createSet('a', 'b').revision, ms(0) + 1)
    const lost = withSilence(undefined, silence('c', 0, 1, { rule: ['x'] }), ms(60))
    assert.ok(lost.revision > createSet('a', 'b').revision)
  })

  it('when many have ended, then the last 200 are kept, and all that have not', () => {
    const ids = Array.from({ length: 300 }, (_, index) => `i${index}`)
    const past = ids.reduce<SilenceSet | undefined>(
      (set, id) => withSilence(set, silence(id, 0, 1, { rule: ['*'] }), ms(10)),
      createSet('live'),
    )
    assert.equal(past?.silences.length, 201)
    assert.deepEqual([past?.silences[0]?.id, past?.silences[1]?.id], ['live', 'i100'])
  })

  it('when they do not fit into one event, then that is said', () => {
    const set = withSilence(undefined, { ...silence('a', 0, 9, {}), comment: 'x'.repeat(500_000) }, ms(0))
    assert.match(
      silencesTooLarge(set, ms(0)) ?? '',
      /^the silences have 100\d{4} bytes in total, .*: end some first$/,
    )
    assert.equal(silencesTooLarge(set, ms(9)), undefined)
  })
})

describe('given what was appended last', () => {
  it('when it is appended again at the same time, then each partition gets the same event of its own', () => {
    const ids = [0, 1, 0].map(partition => silencesChanged(createSet('a'), partition, at(1)).id)
    const { type, data } = silencesChanged(createSet('a'), 0, at(1))
    assert.equal(schemaViolation(FAMILIES, type, data), undefined)
    assert.equal(ids[0], ids[2])
    assert.notEqual(ids[0], ids[1])
  })
})
