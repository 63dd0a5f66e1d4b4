/** Makes the handlers in `functions/` that forward records when their schedule calls them. */
import {
  type ForwarderChoices,
  type ForwarderSource,
  forwarderHandler,
} from '../../packages/runtime/lambda/forwarder-handler.ts'
import { APPLICATION } from './application.ts'

/** A schedule-triggered handler that runs a forwarder of Sluice: all that its `handler.ts` needs. */
export function scheduledForwarder(name: string, source: ForwarderSource, choices?: ForwarderChoices) {
  return forwarderHandler(APPLICATION, name, source, choices)
}
