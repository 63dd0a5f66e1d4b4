/** Writes batches. An entry of its own: programs that only read do not bundle it. */
export {
  BatchBuilder,
  type BatchSequence,
  ClosedBatch,
  type WritableRecord,
} from './batch-builder.ts'
export { type Deflate, deflateGzip, type WritableCodec } from './gzip.ts'
export { sendBatches } from './send-batches.ts'
