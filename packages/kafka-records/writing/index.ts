/** What writes batches. An entry of its own: whoever only reads has none of it in its bundle. */
export {
  BatchBuilder,
  type BatchSequence,
  ClosedBatch,
  type WritableRecord,
} from './batch-builder.ts'
export { type Deflate, deflateGzip, type WritableCodec } from './gzip.ts'
export { AnswerOverdue, sendBatches } from './send-batches.ts'
