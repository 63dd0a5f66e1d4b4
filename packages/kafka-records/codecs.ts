/** The codecs of Kafka's record batches, by the number in a batch's attributes. */
import { LimitReached, UnreadableBatch } from './unreadable-batch.ts'

/**
 * Inflates the records of one batch.
 *
 * @param limit the most bytes that may come out of it
 * @throws LimitReached where more would come out; any other Error for bytes that the codec does not understand
 */
type Inflate = (bytes: Buffer, limit: number) => Buffer | Promise<Buffer>

interface Codec {
  readonly name: string
  /** Imported when a batch needs it: a function that meets none should not start slower for it. */
  readonly load: () => Promise<Inflate>
}

const CODECS: Readonly<Record<number, Codec>> = {
  1: { name: 'gzip', load: async () => (await import('./codecs/zlib.ts')).inflateGzip },
  2: { name: 'snappy', load: async () => (await import('./codecs/snappy.ts')).inflateSnappy },
  3: { name: 'lz4', load: async () => (await import('./codecs/lz4.ts')).inflateLz4 },
  4: { name: 'zstd', load: async () => (await import('./codecs/zlib.ts')).inflateZstd },
}

/** What the three bits of the codec can name beside `none`, which is 0. */
export const CODEC_NUMBERS = [1, 2, 3, 4, 5, 6, 7]

const MIB = 1024 * 1024

/**
 * How much one batch may inflate to. Brokers limit only its compressed size (`max.message.bytes`, 1 MiB by default), and a
 * Java producer fills a batch up to its *compressed* size: 1 MiB of repetitive telemetry can be 100 MiB. Yet a few hundred
 * bytes of zstd can claim gigabytes, and a function has 512 MB, of which inflating takes up to twice the result.
 */
const LARGEST_BATCH_BYTES = 128 * MIB

/**
 * Inflates the records of a batch.
 *
 * @param codec the lowest three bits of the batch's attributes; 0 means that it is not compressed
 * @throws UnreadableBatch where the codec is unknown, the bytes are corrupt, or more than `limit` bytes come out
 */
export async function inflate(codec: number, bytes: Buffer, limit = LARGEST_BATCH_BYTES): Promise<Buffer> {
  if (codec === 0) return bytes
  const { name, load } = codecOf(codec)
  const inflateBytes = await load()
  try {
    return await inflateBytes(bytes, limit)
  } catch (error) {
    throw unreadable(name, limit, error as Error)
  }
}

function codecOf(number: number): Codec {
  const codec = CODECS[number]
  if (codec) return codec
  throw new UnreadableBatch(
    'unknown-codec',
    `a record batch is compressed with codec ${number}, which is none of 1 (gzip), 2 (snappy), 3 (lz4) and 4 (zstd)`,
  )
}

function unreadable(name: string, limit: number, cause: Error): UnreadableBatch {
  if (!(cause instanceof LimitReached))
    return new UnreadableBatch(
      'corrupt',
      `a record batch cannot be inflated, since its bytes are corrupt or not ${name}: ${cause.message}`,
      { cause },
    )
  const size = limit >= MIB ? `${limit / MIB} MiB` : `${limit} bytes`
  return new UnreadableBatch(
    'too-large',
    `a record batch inflates with ${name} to more than ${size}, the limit for one batch: make its producer send smaller ` +
      'ones (batch.size, linger.ms)',
    { cause },
  )
}
