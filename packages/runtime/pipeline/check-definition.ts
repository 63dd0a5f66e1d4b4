import type { Application } from '../consumer/application.ts'
import { ConfigError } from '../consumer/author-errors.ts'
import { parkingError } from '../consumer/parking.ts'
import type { KeyedProcess } from '../consumer/process.ts'
import type { Process } from './consumer.ts'
import { SegmentCutter } from './log/segment-cutter.ts'
import { versionError } from './model/stored-state.ts'

const NO_ERASURES =
  'no longer exists: to remove an entity at an event, let the handler of its type return undefined'

/**
 * Validates the definition of a process or a sink. Handlers and test kits call it when they start.
 *
 * @throws ConfigError if the definition is invalid
 */
export function assertFits(application: Pick<Application, 'firstRetryMs'>, process: Process): void {
  if ('erasureType' in application) throw new ConfigError('the application', [`erasureType ${NO_ERASURES}`])
  if ('onErase' in process) throw new ConfigError(`the process '${process.name}'`, [`onErase ${NO_ERASURES}`])
  const { firstRetryMs } = application
  const keyed = 'onEvent' in process ? (process as KeyedProcess<unknown>) : undefined
  const wrong = keyed && (versionError(keyed) ?? parkingError(keyed, firstRetryMs) ?? clockError(keyed))
  if (wrong) throw new ConfigError(`the process '${process.name}'`, [wrong])
  if ('segments' in process) new SegmentCutter(process)
}

/** Returns an error message for a process that needs a clock and reads logs without one. */
function clockError({ foreignLogs, onTimer, parking }: KeyedProcess<unknown>): string | undefined {
  if (!foreignLogs || (!onTimer && !parking)) return undefined
  return 'has `foreignLogs`, whose clock counts records: it must not have onTimer or parking'
}
