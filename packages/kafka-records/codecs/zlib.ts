import { promisify } from 'node:util'
import { gunzip, type ZlibOptions, type ZstdOptions, zstdDecompress } from 'node:zlib'
import { LimitReached } from '../unreadable-batch.ts'

/** Each chunk of the result is one task of a thread: few for a large batch, and no more memory than a small one needs. */
const SMALLEST_CHUNK = 16 * 1024
const LARGEST_CHUNK = 1024 * 1024

/** What Node answers with the option `info`. */
interface Inflated {
  readonly buffer: Buffer
  /** `bytesWritten` is how many of the bytes it has taken. */
  readonly engine: { readonly bytesWritten: number }
}

type Decompress = (bytes: Buffer, options: ZlibOptions & ZstdOptions) => Promise<unknown>

export const inflateGzip = bounded(promisify(gunzip))
export const inflateZstd = bounded(promisify(zstdDecompress))

/** Node stops at the limit by itself, and keeps nothing of what came until then. */
function bounded(decompress: Decompress) {
  return async (bytes: Buffer, limit: number): Promise<Buffer> => {
    const chunkSize = Math.min(LARGEST_CHUNK, Math.max(SMALLEST_CHUNK, 4 * bytes.length))
    const parts: Buffer[] = []
    let length = 0
    let rest = bytes
    // Node may stop without an error after the first of several zstd frames.
    do {
      if (length >= limit) throw new LimitReached(limit)
      const options = { maxOutputLength: limit - length, chunkSize, info: true }
      const { buffer, engine } = (await decompress(rest, options).catch(limited(limit))) as Inflated
      parts.push(buffer)
      length += buffer.length
      rest = rest.subarray(engine.bytesWritten)
    } while (rest.length > 0)
    return parts.length > 1 ? Buffer.concat(parts, length) : (parts[0] as Buffer)
  }
}

function limited(limit: number) {
  return (error: NodeJS.ErrnoException): never => {
    throw error.code === 'ERR_BUFFER_TOO_LARGE' ? new LimitReached(limit) : error
  }
}
