import type { Application } from '../consumer/application.ts'
import { ConfigError } from '../consumer/author-errors.ts'
import { parkingError } from '../consumer/parking.ts'
import type { KeyedProcess } from '../consumer/process.ts'
import type { Process } from './consumer.ts'
import { versionError } from './deciding/stored-state.ts'
import { SegmentCutter } from './segments/cutter.ts'

/** Refuses a process or a sink that cannot run, when handlers and the kits for tests start. @throws ConfigError that says why */
export function assertFits({ firstRetryMs }: Pick<Application, 'firstRetryMs'>, process: Process): void {
  const keyed = 'onEvent' in process ? (process as KeyedProcess<unknown>) : undefined
  const wrong = keyed && (versionError(keyed) ?? parkingError(keyed, firstRetryMs))
  if (wrong) throw new ConfigError(`the process '${process.name}'`, [wrong])
  // Throws if a limit is wrong.
  if ('segments' in process) new SegmentCutter(process.segments)
}
