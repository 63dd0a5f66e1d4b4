/** The command that changes tables waits for the consumer `views` at two places. */
import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { MemoryStateStore } from '#runtime/adapters/memory/state-store.ts'
import { isFailure } from '#runtime/cloudevents/event.ts'
import { readEvent } from '#runtime/cloudevents/reader.ts'
import { Operations } from '#runtime/pipeline/replacing/operations.ts'
import { applyViews, createProgress, type ViewPorts } from '../../../../lib/operations/views/apply-views.ts'
import { rowSource } from '../../../../lib/views/event-names.ts'
import type { ActivatedPlan } from '../../../../lib/views/plan.ts'
import { createActivatedPlan } from '../../../../lib/views/plan-activation.ts'
import { views } from '../../../../lib/views/process.ts'
import { MemoryServers } from '../../../support/memory-servers.ts'
import { Stage } from '../../../support/stage.ts'
import { until } from '../../../support/until.ts'
import { tablePlan } from '../../../support/views.ts'

const ROWS = 'sluice.telemetry.view-rows.test'
const OLD = tablePlan(undefined, { name: 'a', generation: '1' })
const NEW = tablePlan(undefined, { name: 'a', generation: '2' })

class Changing extends MemoryServers {
  /** Offset up to which the consumer has applied each partition of `view-rows`. */
  applied = -1
  readonly inForce = this.value<ActivatedPlan>('views:test')
  readonly #consumer = new Stage(views() as never).consumer as ViewPorts['consumer']

  get ports(): ViewPorts {
    const { inForce, publisher, log, bounds: offsets } = this
    const entity = `${rowSource('a', '1')} ["x"]`
    return {
      ...{ inForce, publisher, log, offsets, consumer: this.#consumer, skipped: new MemoryStateStore() },
      applying: new Operations(this.value('views-apply:test'), Date.now),
      states: {
        summary: async ({ topic, partition }: { topic: string; partition: number }) => ({
          appliedOffset: Math.min(this.applied, this.endOf(topic, partition) - 1),
        }),
        states: async function* ({ partition }: { partition: number }) {
          if (partition === 0) yield [entity, {}]
        },
      } as never,
    }
  }

  /** Types of the events of partition 0 of `view-rows`. */
  get types(): string[] {
    const own = this.records.filter(({ topic, partition }) => topic === ROWS && partition === 0)
    return own.map(record => {
      const event = readEvent(record)
      return isFailure(event) ? '' : event.type.split('.').slice(2, 4).join(' ')
    })
  }
}

describe('a change of the tables', () => {
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
