import type { Application } from '../consumer/application.ts'
import { ConfigError } from '../consumer/author-errors.ts'
import { parkingError } from '../consumer/parking.ts'
import type { KeyedProcess } from '../consumer/process.ts'
import type { Process } from './consumer.ts'
import { SegmentCutter } from './log/segment-cutter.ts'
import { versionError } from './model/stored-state.ts'

/**
 * Validates the definition of a process or a sink. Handlers and test kits call it when they start.
 *
 * @throws ConfigError if the definition is invalid
 */
export function assertFits({ firstRetryMs }: Pick<Application, 'firstRetryMs'>, process: Process): void {
  const keyed = 'onEvent' in process ? (process as KeyedProcess<unknown>) : undefined
  const wrong = keyed && (versionError(keyed) ?? parkingError(keyed, firstRetryMs))
  if (wrong) throw new ConfigError(`the process '${process.name}'`, [wrong])
  if ('segments' in process) new SegmentCutter(process)
}
