/** Enables kafkajs clients to read LZ4, which functions write. The library itself supports only gzip. */
import kafkajs from 'kafkajs'
import { lz4Decoded } from '../ledger/kafka/lz4.ts'

kafkajs.CompressionCodecs[kafkajs.CompressionTypes.LZ4] = () => ({
  compress: () => Promise.reject(new Error('this client writes no LZ4')),
  decompress: async (bytes: Buffer) => lz4Decoded(bytes),
})
