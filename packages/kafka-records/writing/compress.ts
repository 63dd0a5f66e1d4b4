/** Compresses the records of a batch. Each codec is imported on demand. */
import { promisify } from 'node:util'
import { type Deflater, gzipped, LITTLE_BYTES, type WritableCodec } from './gzip.ts'

/** Codecs that records can be written with. */
export const WRITABLE_CODECS = [
  'none',
  'gzip',
  'snappy',
  'lz4',
  'zstd',
] as const satisfies readonly WritableCodec[]

const NUMBERS: Readonly<Record<WritableCodec, number>> = { none: 0, gzip: 1, snappy: 2, lz4: 3, zstd: 4 }

const LOADERS: Readonly<Record<Exclude<WritableCodec, 'none'>, () => Promise<Deflater>>> = {
  gzip: async () => gzipped,
  snappy: async () => {
    const { snappyCompress, snappyCompressor } = await import('hysnappy')
    const compress = snappyCompressor()
    // The memory of an instance never shrinks, so a large batch gets one of its own.
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
 * Compresses the records of a batch.
 *
 * @returns the codec's number in the attributes of a batch, and the compressed bytes; those of `none` are the given ones
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
