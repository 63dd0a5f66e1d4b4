/** For whoever reads or writes records: events on Kafka, record by record. Pure. */
export { eventViolation, isAbsoluteUri, isTimestamp, isUriReference, parseTime } from './attributes.ts'
export { type DataWriter, JSON_WRITER } from './data-writer.ts'
export { isFailure } from './event.ts'
export { isInexact, parseExact } from './exact-json.ts'
export { decodeText, fromBase64, type HeaderBytes, toBase64, toBuffer } from './header-bytes.ts'
export { readJsonEvent, readJsonObject, readStructured, toJsonEvent } from './json-format.ts'
export { carryingTime } from './log-time.ts'
export { isEventFormat } from './media-type.ts'
export { normalizeEvent } from './normalize-event.ts'
export { isStructured, readAnyEvent, readEvent } from './reader.ts'
export { estimateSize, type LogRecord, type OutgoingRecord, type RecordHeader } from './record.ts'
export { buildRedriveHeaders, originalHeaders } from './redrive.ts'
export {
  type ByHand,
  createRedrivenRecord,
  type ForeignRedriveTopic,
  isRedrivable,
} from './redriven-record.ts'
export { extractTraceFromHeaders } from './trace.ts'
export { isFramed } from './wire-format.ts'
export { type ContentMode, otherHeaders, toOutgoingRecord, writeEvent } from './writer.ts'
