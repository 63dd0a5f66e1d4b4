/** Compresses with gzip, which every client can read. Programs that write nothing else do not bundle the other codecs. */
import { promisify } from 'node:util'

/** Name of a codec that records can be written with. */
export type WritableCodec = 'none' | 'gzip' | 'snappy' | 'lz4' | 'zstd'

export type Deflater = (bytes: Buffer) => Uint8Array | Promise<Uint8Array>

/** Compresses the records of a batch. Resolves to the codec's number in the attributes of a batch, and the compressed bytes. */
export type Deflate = (
  codec: WritableCodec,
  bytes: Buffer,
) => Promise<readonly [number: number, compressed: Buffer]>

/** Less than this is compressed faster than a thread is started. */
export const LITTLE_BYTES = 16 * 1024

export const gzipped: Deflater = async bytes => {
  const { gzip, gzipSync } = await import('node:zlib')
  // Kafka's own level is 6 as well; the Java client and librdkafka leave it there.
  return bytes.length <= LITTLE_BYTES ? gzipSync(bytes) : promisify(gzip)(bytes)
}

/** A `Deflate` for gzip and no compression. Rejects for any other codec. */
export const deflateGzip: Deflate = async (codec, bytes) => {
  if (codec === 'none') return [0, bytes]
  if (codec !== 'gzip') throw new TypeError(`${codec} is not gzip`)
  const { buffer, byteOffset, byteLength } = await gzipped(bytes)
  return [1, Buffer.from(buffer, byteOffset, byteLength)]
}
