import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type LogRecord, writeEvent } from '#runtime/cloudevents'
import { MemoryLogReader } from '#runtime/testing'
import { followTableChanges } from '../../../../control/statements/table-changes.ts'
import { tableSource, VIEW_CHANGED_TYPE, type ViewChanged } from '../../../../lib/views/event-names.ts'
import type { ActivatedPlan, TablePlan } from '../../../../lib/views/plan.ts'
import { createActivatedPlan } from '../../../../lib/views/plan-activation.ts'

const table = { name: 't', generation: '1' } as TablePlan
const createPlan = (...tables: TablePlan[]) => createActivatedPlan({ streams: [], tables }, [])

/** Topic with changes, and a plan in force, which both change while they are followed. */
class Changes {
  readonly topic = 'changes'
  readonly records: LogRecord[] = []
  inForce: ActivatedPlan | undefined = createPlan(table)
  isAway = false

  readonly log = {
    read: (...args: Parameters<MemoryLogReader['read']>) => new MemoryLogReader(this.records).read(...args),
  }
  readonly offsets = { bounds: async () => [{ start: 0, end: this.records.length }] }
  readonly plan = async () => {
    if (this.isAway) throw new Error('Redis is away')
    return this.inForce
  }

  append(count: number, { table = 't', generation = '1' } = {}): void {
    const data: ViewChanged = { table, generation, row: { count } }
    const event = { id: `${this.records.length}`, source: tableSource(table), type: VIEW_CHANGED_TYPE, data }
    const place = { topic: this.topic, partition: 0, offset: this.records.length, timestampMs: 0, key: null }
    this.records.push({ ...place, ...writeEvent({ ...event, datacontenttype: 'application/json' }) })
  }

  /** Follows the changes until the function wants no more. */
  async follow(from: 'beginning' | 'now', onChange: (count: unknown) => boolean): Promise<void> {
    const stop = new AbortController()
    for await (const { row } of followTableChanges(this, table, from, stop.signal))
      if (!onChange(row.count)) stop.abort()
  }
}

describe('changes of a table, as they come', () => {
  it('given changes, then those of the table and of its generation are yielded, from the beginning', async () => {
    const changes = new Changes()
    changes.append(1)
    changes.append(2, { table: 'other' })
    changes.append(3, { generation: '2' })
    changes.append(4)
    const counts: unknown[] = []
    await changes.follow('beginning', count => counts.push(count) < 2)
    assert.deepEqual(counts, [1, 4])
  })

  it('given changes from now on, then earlier ones are left out', async () => {
    const changes = new Changes()
    changes.append(1)
    setTimeout(() => changes.append(2), 50)
    const counts: unknown[] = []
    await changes.follow('now', count => counts.push(count) < 1)
    assert.deepEqual(counts, [2])
  })

  for (const [what, inForce, message] of [
    ['dropped', createPlan(), /The table t is not the same any more\. It was dropped/],
    ['replaced', createPlan({ ...table, generation: '2' }), /Its statement has changed: ask again/],
  ] as const)
    it(`given a table that is ${what}, also after Redis was away, then the end is explained`, async () => {
      const changes = new Changes()
      changes.append(1)
      changes.isAway = true
      setTimeout(() => Object.assign(changes, { inForce, isAway: false }), 1_200)
      const counts: unknown[] = []
      await assert.rejects(
        changes.follow('beginning', count => counts.push(count) > 0),
        message,
      )
      assert.deepEqual(counts, [1])
    })
})
