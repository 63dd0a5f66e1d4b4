export { inflate } from './codecs.ts'
export { readEveryCodec } from './kafkajs.ts'
export { UnreadableBatch } from './unreadable-batch.ts'
