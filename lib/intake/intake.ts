/** Consumer `intake`: appends the event of each record of an input to `readings`, or to `events`. It keeps no state. */
import { defineProcess, type Event, formatEntity } from '#runtime/consumer'
import type { Families, ReadingData } from '../telemetry/families.ts'
import type { KeyStrategy } from '../telemetry/key.ts'
import { computeRecordKey } from '../telemetry/reading.ts'
import { INTAKE, type Input, listInputTypes } from './input.ts'

/**
 * Returns the process for these inputs.
 *
 * @param families families of the readings
 * @param keyBy key strategy of readings; by default, that of each family
 */
export function intake(families: Families, inputs: readonly Input[], keyBy?: KeyStrategy) {
  return defineProcess<undefined>(INTAKE, {
    accepts: [...families.readingTypes, ...listInputTypes(inputs)],
    foreignLogs: true,
    onEvent(_, event, step) {
      const { id, source, subject, type, dataschema, data, extensions = {} } = event
      const { to, key } = chooseTarget(families, event, keyBy)
      const attributes = { key, type, source, subject: subject ?? null, dataschema }
      step.emit(to, 'event', data, { ...attributes, passesOn: { id, extensions } })
      step.reason('taken')
      return undefined
    },
  })
}

/** Topic to which an event is appended, and its record key. */
interface Target {
  readonly to: 'readings' | 'events'
  readonly key: string | null
}

/** Returns the target of the event of an input. */
function chooseTarget(families: Families, event: Event, keyBy?: KeyStrategy): Target {
  const family = families.findByType(event.type)
  if (family === undefined) return { to: 'events', key: formatEntity(event) }
  return { to: 'readings', key: computeRecordKey(family, event.data as ReadingData, keyBy, event) }
}
