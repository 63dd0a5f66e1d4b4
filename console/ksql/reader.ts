/** Reads the tables of an environment, over the connections of a console. */
import { type TableReader, tableReader } from '../../lib/operations/views/asking.ts'
import { planOf } from '../api/tables.ts'
import type { ConsoleEnvironment } from '../environment.ts'

export function readerOf(environment: ConsoleEnvironment): TableReader {
  const plan = () => planOf(environment)
  return tableReader({
    plan,
    states: environment.inspection,
    rows: () => environment.topicSize('view-rows'),
    changes: async () => {
      const [log, offsets] = await Promise.all([environment.log(), environment.offsets()])
      return { log, offsets, topic: environment.topic('view-changes'), plan }
    },
  })
}
