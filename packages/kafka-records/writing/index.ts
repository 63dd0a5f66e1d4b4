/** What writes batches. An entry of its own: whoever only reads has none of it in its bundle. */
export {
  BatchBuilder,
  type BatchSequence,
  ClosedBatch,
  type WritableRecord,
} from './batch-builder.ts'
export type { WritableCodec } from './compress.ts'
export { type Deflate, deflateGzip } from './gzip.ts'
export { AnswerOverdue, sendBatches } from './send-batches.ts'
