/** Appends the ticks of the clock to a topic, as the scheduled function of an application does. */
import { writeEvent } from '../../cloudevents/writer.ts'
import { type Application, createTick } from '../../consumer/application.ts'
import type { Simulation } from './simulation.ts'

/** Ticks after the last fault, so that the timers that are due soon fire. */
const LAST_TICKS = 2

interface Ticked {
  readonly topic: string
  readonly partitions: number
  readonly everyMs: number
}

/** Adds a schedule that appends a tick to each partition. The simulation does not end before its last ticks. */
export function addTicks(
  simulation: Simulation,
  application: Application,
  { topic, partitions, everyMs }: Ticked,
): void {
  let left = LAST_TICKS
  simulation.conditions.push(() => (left > 0 ? 'ticks come' : undefined))
  simulation.addSchedule('clock', everyMs, async atMs => {
    if (simulation.chance.isCalm) left -= 1
    for (let partition = 0; partition < partitions; partition += 1) {
      const tick = createTick(application, partition, new Date(atMs).toISOString())
      simulation.log.append(topic, partition, writeEvent(tick))
    }
  })
}
