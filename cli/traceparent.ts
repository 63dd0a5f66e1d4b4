import { spanContextOf } from '../packages/runtime/cloudevents/trace.ts'
import { parsedBy } from '../packages/runtime/settings/values.ts'

/** Option value: the W3C `traceparent` of published events. */
export const TRACEPARENT = parsedBy<string>(
  text => (spanContextOf({ traceparent: text }) ? text : undefined),
  'a traceparent of W3C Trace Context: 00-<32 hex digits>-<16 hex digits>-<2 hex digits>, in lower case',
)
