/** Enables kafkajs clients to read records compressed with LZ4, which the functions write. kafkajs itself supports only gzip. */
import kafkajs from 'kafkajs'
import { lz4Decoded } from './lz4.ts'

kafkajs.CompressionCodecs[kafkajs.CompressionTypes.LZ4] = () => ({
  compress: () => Promise.reject(new Error('this client writes no LZ4')),
  decompress: async (bytes: Buffer) => lz4Decoded(bytes),
})
