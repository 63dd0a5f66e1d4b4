import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { States } from '../../packages/runtime/pipeline/deciding/states.ts'
import { ORDER, STILL_HELD, TWICE, WRONG_HOLDS } from '../ledger/count/violations.ts'
import { knowAttempts } from '../ledger/service/attempts.ts'
import { sabotage } from '../ledger/service/sabotage.ts'
import { ChaptersLog } from '../support/chapters-log.ts'
import { Random } from '../support/random.ts'

knowAttempts()

async function played(seed: number): Promise<ChaptersLog> {
  const log = new ChaptersLog(new Random(seed))
  await log.play(250)
  return log
}

/** Returns the log with a changed tally. */
function miscounted(log: ChaptersLog, how: string, by: number) {
  const stored = log.stored()
  return { ...stored, tally: new Map([...stored.tally, [how, (stored.tally.get(how) ?? 0) + by]]) }
}

describe('the count of chapters that are parked', () => {
  it('given what the runtime makes of random logs, then nothing is wrong, and each kind of end was met', async () => {
    const met = new Set<string>()
    for (let seed = 1; seed <= 40; seed += 1) {
      const log = await played(seed)
      assert.deepEqual(log.count().lines, [], `seed ${seed}`)
      for (const how of log.stored().tally.keys()) met.add(how)
    }
    for (const how of [
      'parked/entity-held',
      'parked-applied/told',
      'parked-failed/unexpected-error',
      'parked-erased/erased',
      'released/retried',
      'released/ended',
      'released/full',
      'released/time',
      'released/erased',
      'duplicate/attempt-known',
    ])
      assert.ok(met.has(how), how)
  })

  it('given a parked record that has ended twice, or never, then that is found', async () => {
    const log = await played(1)
    const end = 'parked records without exactly one end'
    assert.deepEqual(log.count(miscounted(log, 'parked-applied/told', 1)).kinds.includes(end), true)
    assert.deepEqual(log.count(miscounted(log, 'parked-applied/told', 1)).kinds.includes(TWICE), true)
    assert.deepEqual(log.count(miscounted(log, 'parked/entity-held', 1)).kinds.includes(end), true)
  })

  it('given an entity that is held although its failure has ended, then that is found', async () => {
    const log = await played(1)
    const held = { ...log.stored(), holds: new Map([['/ledger story-9', { waitsFor: 'f', parked: [] }]]) }
    assert.deepEqual(log.count(held).kinds, [WRONG_HOLDS, STILL_HELD])
  })

  it('given --sabotage parking, then it finds chapters out of order', async () => {
    const { setHold } = States.prototype
    sabotage('parking')
    const kinds = (await played(1)).count().kinds
    States.prototype.setHold = setHold
    assert.ok(kinds.includes(ORDER), kinds.join('; '))
  })
})
