/** Servers in memory on which the tables in force can be changed. */

import { randomUUID } from 'node:crypto'
import { isFailure, readEvent } from '#runtime/cloudevents'
import { MemoryStateStore } from '#runtime/operating/replay'
import type { ViewPorts } from '../../control/table-builds/apply-views.ts'
import { ResumableRuns } from '../../control/table-builds/resumable-runs.ts'
import { rowSource } from '../../lib/views/event-names.ts'
import type { ActivatedPlan } from '../../lib/views/plan.ts'
import { views } from '../../lib/views/process.ts'
import { FAMILIES } from './families.ts'
import { MemoryServers } from './memory-servers.ts'
import { Stage } from './stage.ts'

export const ROWS = 'sluice.telemetry.view-rows.test'

export class Changing extends MemoryServers {
  /** Offset up to which the consumer has applied each partition of `view-rows`. */
  applied = -1
  readonly inForce = this.value<ActivatedPlan>('views:test')
  readonly #consumer = new Stage(views(FAMILIES) as never).consumer as ViewPorts['consumer']

  get ports(): ViewPorts {
    const { inForce, publisher, log, bounds: offsets } = this
    const entity = `${rowSource('a', '1')} ["x"]`
    return {
      ...{ inForce, publisher, log, offsets, consumer: this.#consumer, skipped: new MemoryStateStore() },
      ...{ nowMs: Date.now, newId: randomUUID },
      applying: new ResumableRuns(this.value('views-apply:test'), Date.now),
      states: {
        summary: async ({ topic, partition }: { topic: string; partition: number }) => ({
          appliedOffset: Math.min(this.applied, this.getEnd(topic, partition) - 1),
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
