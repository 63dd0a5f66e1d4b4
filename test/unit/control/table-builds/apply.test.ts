/** The command that changes tables waits for the consumer `views` at two places. */
import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { until } from '@sluice/test-kit/until'
import { applyViews, createProgress, type ViewPorts } from '../../../../control/table-builds/apply-views.ts'
import { createActivatedPlan } from '../../../../lib/views/plan-activation.ts'
import { Changing, ROWS } from '../../../support/changing-tables.ts'
import { tablePlan } from '../../../support/views.ts'

const OLD = tablePlan(undefined, { name: 'a', generation: '1' })
const NEW = tablePlan(undefined, { name: 'a', generation: '2' })

describe('a change of the tables', () => {
  // Promise config/views/README.md#applying
  it('waits for the consumer before it switches, and before it drops the groups of the old tables', async () => {
    const changing = new Changing()
    await changing.inForce.write(createActivatedPlan({ streams: [], tables: [OLD] }, []))
    const progress = createProgress()
    const stop = new AbortController()
    const wanted = { streams: [], tables: [NEW] }
    const change = applyViews(changing.ports, wanted, 'test', { progress, stop: stop.signal }, {})
    let isOver = false
    const end = () => {
      isOver = true
    }
    void change.then(end, end)
    after(() => stop.abort())
    const waits = async (records: number) => {
      const isWaiting = () => progress.phase === 'waiting for views' && progress.pending > 0
      await until('it waits or ends', () => isOver || isWaiting())
      assert.deepEqual([isOver, progress.pending], [false, records])
    }
    const partitions = (await changing.bounds.bounds(ROWS)).length
    await waits(partitions)
    const building = await changing.inForce.read()
    assert.deepEqual([building?.tables.length, building?.building.length], [2, 1], 'before it switches')
    assert.deepEqual(changing.types, ['views activated'])
    changing.applied = 0
    await until('it switches or ends', () => isOver || changing.types.length > 1)
    await waits(partitions)
    assert.deepEqual((await changing.inForce.read())?.building, [])
    assert.deepEqual(changing.types, ['views activated', 'views activated'], 'before it drops')
    changing.applied = 1
    await change
    assert.deepEqual(changing.types, ['views activated', 'views activated', 'view dropped'])
  })

  it('given that the activation was taken back, then the tables are built anew', async () => {
    const changing = new Changing()
    changing.applied = Number.MAX_SAFE_INTEGER
    const plan = createActivatedPlan({ streams: [], tables: [OLD] }, [])
    await changing.inForce.write(plan)
    const wanted = { streams: [], tables: [NEW] }
    const run = (ports: ViewPorts) =>
      applyViews(
        ports,
        wanted,
        'test',
        { progress: createProgress(), stop: new AbortController().signal },
        {},
      )
    const { ports } = changing
    const publisher = { ...changing.publisher, publish: async () => Promise.reject(new Error('killed')) }
    await assert.rejects(run({ ...ports, publisher }), /killed/)
    const before = (await changing.inForce.read())?.building
    await changing.inForce.write(plan)
    await run(ports)
    const { tables = [], building } = (await changing.inForce.read()) ?? {}
    assert.deepEqual(building, [])
    assert.match(tables[0]?.generation ?? '', /^2\./)
    assert.notDeepEqual([tables[0]?.generation], before)
  })
})
