/** Codecs of Kafka's record batches, by their numbers in the attributes of a batch. */
import type { Inflater } from './inflater.ts'
import { UnreadableBytes } from './unreadable-bytes.ts'

interface Codec {
  readonly name: string
  /** Loads the codec on demand, so that functions without compressed records start faster. */
  readonly load: () => Promise<Inflater>
}

const CODECS: Readonly<Record<number, Codec>> = {
  1: { name: 'gzip', load: async () => (await import('./codecs/zlib.ts')).gzip },
  2: { name: 'snappy', load: async () => (await import('./codecs/snappy.ts')).snappy },
  3: { name: 'lz4', load: async () => (await import('./codecs/lz4.ts')).lz4 },
  4: { name: 'zstd', load: async () => (await import('./codecs/zlib.ts')).zstd },
}

const MIB = 1024 * 1024

/**
 * Maximum size of a decompressed result, in bytes. Brokers limit only the compressed size of a batch, and a few hundred bytes of
 * zstd can expand to gigabytes. Decompression needs up to twice the size of the result, and a function has 512 MB.
 */
const MAX_AT_ONCE_BYTES = 128 * MIB

/**
 * Decompresses the records of a batch.
 *
 * @param codec lowest three bits of the batch's attributes; 0 for uncompressed
 * @throws UnreadableBytes if the codec is unknown, the bytes are corrupt, or the result exceeds `limit`
 */
export async function inflate(codec: number, bytes: Buffer, limit = MAX_AT_ONCE_BYTES): Promise<Buffer> {
  if (codec === 0) return bytes
  const { name, load } = requireCodec(codec)
  const { atOnce } = await load()
  try {
    return await atOnce(bytes, limit)
  } catch (error) {
    throw createUnreadableError(name, limit, error as Error)
  }
}

/**
 * Decompresses the records of a batch in parts of at most 4 MiB, without a limit for the total size. Only a raw block of snappy is
 * not divided; it is limited to 128 MiB. A part is valid until the next part is requested. The parameters and errors are the same
 * as for `inflate`.
 */
export async function* inflateInParts(codec: number, bytes: Buffer): AsyncGenerator<Buffer> {
  if (codec === 0) {
    yield bytes
    return
  }
  const { name, load } = requireCodec(codec)
  const { inParts } = await load()
  try {
    yield* inParts(bytes, MAX_AT_ONCE_BYTES)
  } catch (error) {
    throw createUnreadableError(name, MAX_AT_ONCE_BYTES, error as Error)
  }
}

function requireCodec(number: number): Codec {
  const codec = CODECS[number]
  if (codec) return codec
  throw new UnreadableBytes(
    'unknown-codec',
    `a record batch is compressed with codec ${number}, which is not one of 1 (gzip), 2 (snappy), 3 (lz4) and 4 (zstd)`,
  )
}

function createUnreadableError(name: string, limit: number, cause: Error): UnreadableBytes {
  if (!(cause instanceof UnreadableBytes && cause.reason === 'too-large'))
    return new UnreadableBytes(
      'corrupt',
      `a record batch cannot be decompressed: its bytes are corrupt or not ${name}: ${cause.message}`,
      { cause },
    )
  const size = limit >= MIB ? `${limit / MIB} MiB` : `${limit} bytes`
  return new UnreadableBytes(
    'too-large',
    `a record batch decompressed with ${name} exceeds ${size}, the limit for one batch: make its producer send smaller ` +
      'ones (batch.size, linger.ms)',
    { cause },
  )
}
