/** Creates the handlers in `functions/` that forward records on a schedule. */
import { forwarderHandler } from '../../packages/runtime/lambda/forwarder-handler.ts'
import type { ForwarderChoices, ForwarderSource } from '../../packages/runtime/lambda/forwarder-source.ts'
import { APPLICATION } from './application.ts'

/** Returns a schedule-triggered handler that runs a forwarder of Sluice. */
export function scheduledForwarder(name: string, source: ForwarderSource, choices?: ForwarderChoices) {
  return forwarderHandler(APPLICATION, name, source, choices)
}
