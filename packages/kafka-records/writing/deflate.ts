/** Compresses the records of a batch. Each codec is imported on demand. */
import { promisify } from 'node:util'

/** Codecs for writing records. */
export const WRITABLE_CODECS = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const

/** Name of a codec for writing records. */
export type WritableCodec = (typeof WRITABLE_CODECS)[number]

type Deflater = (bytes: Buffer) => Uint8Array | Promise<Uint8Array>

const NUMBERS: Readonly<Record<WritableCodec, number>> = { none: 0, gzip: 1, snappy: 2, lz4: 3, zstd: 4 }

/** Maximum size, in bytes, for which compression in this thread is faster than in another thread. */
const LITTLE_BYTES = 16 * 1024

const LOADERS: Readonly<Record<Exclude<WritableCodec, 'none'>, () => Promise<Deflater>>> = {
  gzip: async () => {
    const { gzip, gzipSync } = await import('node:zlib')
    // Use the default level 6. Kafka has the same default, and neither the Java client nor librdkafka changes it.
    const inThread = promisify(gzip)
    return bytes => (bytes.length <= LITTLE_BYTES ? gzipSync(bytes) : inThread(bytes))
  },
  snappy: async () => {
    const { snappyCompress, snappyCompressor } = await import('hysnappy')
    const compress = snappyCompressor()
    // The memory of an instance never shrinks, so a large batch is compressed with a new instance.
    return bytes => (bytes.length > KEPT_INSTANCE_BYTES ? snappyCompress(bytes) : compress(bytes))
  },
  lz4: async () => (await import('@platformatic/wasm-utils/bundled')).lz4Compress,
  zstd: async () => {
    const { zstdCompress, zstdCompressSync } = await import('node:zlib')
    const inThread = promisify(zstdCompress)
    return bytes => (bytes.length <= LITTLE_BYTES ? zstdCompressSync(bytes) : inThread(bytes))
  },
}

const KEPT_INSTANCE_BYTES = 1024 * 1024

const loaded = new Map<WritableCodec, Deflater>()

/**
 * Compresses the records of a batch. With the codec `none`, the bytes are returned unchanged. Resolves to the number of the codec in
 * the attributes of a batch, and to the compressed bytes.
 */
export async function deflate(
  codec: WritableCodec,
  bytes: Buffer,
): Promise<readonly [number: number, compressed: Buffer]> {
  if (codec === 'none') return [0, bytes]
  const compress = loaded.get(codec) ?? (await LOADERS[codec]())
  loaded.set(codec, compress)
  const { buffer, byteOffset, byteLength } = await compress(bytes)
  return [NUMBERS[codec], Buffer.from(buffer, byteOffset, byteLength)]
}
