/** Creates handlers that run a forwarder on a schedule. */
import type { Application } from '../consumer/application.ts'
import { Connections } from './connections.ts'
import { type ForwarderChoices, type ForwarderSource, forwarderSlices } from './forwarder-source.ts'
import type { ScheduledHandler } from './handler-types.ts'
import { createForwarderRun } from './run-forwarder.ts'
import { createScheduledHandler } from './scheduled-handler.ts'

/**
 * Creates a schedule-triggered handler that runs a forwarder. Each run forwards the records that are due, and logs the result. If a
 * partition cannot continue, the handler reports it, and the next run tries again.
 *
 * @param name name of the function, which must equal the name of the forwarder
 * @param choices options `codeVersion` and `failuresTo`, as for `kafkaHandler`
 * @throws ConfigError when the handler is called, naming every missing or invalid setting
 */
export function forwarderHandler(
  application: Application,
  name: string,
  source: ForwarderSource,
  choices?: ForwarderChoices,
): ScheduledHandler {
  return createScheduledHandler(
    name,
    Connections,
    forwarderSlices(application.name),
    createForwarderRun(application, name, source, choices),
    application.name,
  )
}
