/** Writes batches. This is a separate entry point, so that programs which only read records do not bundle it. */
export {
  BatchBuilder,
  type BatchSequence,
  ClosedBatch,
  type WritableRecord,
} from './batch-builder.ts'
export { deflate, WRITABLE_CODECS, type WritableCodec } from './deflate.ts'
export { sendBatches } from './send-batches.ts'
