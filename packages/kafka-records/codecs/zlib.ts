import type { Transform } from 'node:stream'
import { promisify } from 'node:util'
import {
  createGunzip,
  createZstdDecompress,
  gunzip,
  gunzipSync,
  type ZlibOptions,
  type ZstdOptions,
  zstdDecompress,
  zstdDecompressSync,
} from 'node:zlib'
import type { Inflater } from '../inflater.ts'
import { createLimitError } from '../unreadable-bytes.ts'

/**
 * Bounds of the chunk size for results, in bytes. Each chunk is one task for a thread: large batches are divided into a few large
 * chunks, and small batches use small chunks to save memory.
 */
const SMALLEST_CHUNK = 16 * 1024
const MAX_CHUNK = 1024 * 1024

const PART_BYTES = 256 * 1024

interface Inflated {
  readonly buffer: Buffer
  /** `bytesWritten` is the number of input bytes that were consumed. */
  readonly engine: { readonly bytesWritten: number }
}

type Options = ZlibOptions & ZstdOptions
type Decompress = (bytes: Buffer, options: Options) => unknown
type DecompressLater = (bytes: Buffer, options: Options) => Promise<unknown>

/**
 * Upper bounds, in bytes, for input and output that are decompressed in this thread. This is faster than a task for another thread
 * if there is little data.
 */
const LITTLE_BYTES = 16 * 1024
const LITTLE_OUTPUT_BYTES = 256 * 1024

export const gzip: Inflater = {
  atOnce: createBoundedInflater(gunzipSync, promisify(gunzip)),
  inParts: createStreamingInflater(createGunzip),
}
export const zstd: Inflater = {
  atOnce: createBoundedInflater(zstdDecompressSync, promisify(zstdDecompress)),
  inParts: createStreamingInflater(createZstdDecompress),
}

/** Returns a function that decompresses up to a limit. If the limit is exceeded, Node.js stops and discards the output. */
function createBoundedInflater(here: Decompress, inThread: DecompressLater) {
  return async (bytes: Buffer, limit: number): Promise<Buffer> => {
    const chunkSize = Math.min(MAX_CHUNK, Math.max(SMALLEST_CHUNK, 4 * bytes.length))
    const parts: Buffer[] = []
    let length = 0
    let rest = bytes
    // Node.js may stop without an error after the first of several zstd frames.
    do {
      if (length >= limit) throw createLimitError(limit)
      const options = { maxOutputLength: limit - length, chunkSize, info: true }
      const little = rest.length <= LITTLE_BYTES ? inflateHere(here, rest, options) : undefined
      const { buffer, engine } =
        little ?? ((await inThread(rest, options).catch(createLimitHandler(limit))) as Inflated)
      parts.push(buffer)
      length += buffer.length
      rest = rest.subarray(engine.bytesWritten)
    } while (rest.length > 0)
    return parts.length > 1 ? Buffer.concat(parts, length) : (parts[0] as Buffer)
  }
}

function inflateHere(decompress: Decompress, bytes: Buffer, options: Options): Inflated | undefined {
  const maxOutputLength = Math.min(LITTLE_OUTPUT_BYTES, options.maxOutputLength ?? LITTLE_OUTPUT_BYTES)
  try {
    return decompress(bytes, { ...options, maxOutputLength }) as Inflated
  } catch (error) {
    if (isTooLarge(error)) return undefined
    throw error
  }
}

/** Returns a function that decompresses as a stream. Node.js produces the next part only after the previous part was consumed. */
function createStreamingInflater(create: (options: Options) => Transform & { bytesWritten: number }) {
  return async function* (bytes: Buffer): AsyncGenerator<Buffer> {
    let rest = bytes
    do {
      const stream = create({ chunkSize: PART_BYTES })
      stream.end(rest)
      let before: Buffer | undefined
      for await (const part of stream as AsyncIterable<Buffer>) {
        if (before && before.buffer !== part.buffer) free(before)
        yield part
        before = part
      }
      if (stream.bytesWritten === 0) throw new Error('there is no data to decompress')
      rest = rest.subarray(stream.bytesWritten)
    } while (rest.length > 0)
  }
}

/** Frees the memory of a part immediately. Otherwise up to 64 MiB of buffers could accumulate before the garbage collector runs. */
function free({ buffer }: Buffer): void {
  if (buffer instanceof ArrayBuffer) buffer.transfer(0)
}

function createLimitHandler(limit: number) {
  return (error: unknown): never => {
    throw isTooLarge(error) ? createLimitError(limit) : error
  }
}

function isTooLarge(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE'
}
