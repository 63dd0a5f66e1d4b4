/** What the event sources need of whatever runs functions: threads of this process, or anything else that answers as Lambda does. */

import type { EventContent } from './event-content.ts'

/** What has to be known of a function to invoke it. */
export interface Invoked {
  readonly functionKey: string
  readonly functionTimeoutMs: number
}

/** Invokes functions as Lambda does. */
export interface FunctionInvoker {
  /** Rejects on its error and its timeout: the records are then delivered again. @param answerCounts false injects a timeout */
  invoke(invoked: Invoked, event: EventContent, requestId: string, answerCounts?: boolean): Promise<unknown>
  /** Ends whatever still runs. Later invocations are refused. */
  close(): Promise<void>
}
