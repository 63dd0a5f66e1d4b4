/** Decompresses recordings. Gzip is recognised by the content, regardless of the file name. */
import { Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'

/** Error for damaged or truncated gzip data. All data before the damage has been returned. */
export class DamagedGzip extends Error {
  override readonly name = 'DamagedGzip'
}

const MAGIC = [0x1f, 0x8b]
/**
 * Number of bytes to decompress at once. It corresponds to some thousand records, so that they can be published in large requests.
 */
const PIECE_BYTES = 1024 * 1024
/** Limits the buffer to one piece. If a stream fails, buffered data that has not been read is lost. */
const ONE_AT_A_TIME = { readableHighWaterMark: 1 } as object

/**
 * Yields the bytes of a recording, decompressed if they are gzip.
 *
 * @throws DamagedGzip if the data is damaged or truncated
 */
export async function* unzipped(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const iterator = pieces[Symbol.asyncIterator]()
  const beginning = await firstBytes(iterator)
  const all = async function* () {
    if (beginning.length > 0) yield beginning
    for (let next = await iterator.next(); !next.done; next = await iterator.next()) yield next.value
  }
  if (!MAGIC.every((byte, at) => beginning[at] === byte)) yield* all()
  else yield* gunzipped(all())
}

/** Reads enough bytes to recognise the format. A pipe may return a single byte at a time. */
async function firstBytes(iterator: AsyncIterator<Uint8Array>): Promise<Uint8Array> {
  let beginning: Uint8Array = Buffer.alloc(0)
  while (beginning.length < MAGIC.length) {
    const { done, value } = await iterator.next()
    if (done) break
    beginning = beginning.length === 0 ? value : Buffer.concat([beginning, value])
  }
  return beginning
}

async function* gunzipped(zipped: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const source = Readable.from(zipped)
  const gunzip = createGunzip({ chunkSize: PIECE_BYTES, ...ONE_AT_A_TIME })
  let sourceError: unknown
  source.on('error', error => {
    sourceError = error
    gunzip.destroy(error)
  })
  try {
    for await (const piece of source.pipe(gunzip)) yield piece
  } catch (error) {
    if (sourceError !== undefined) throw sourceError
    throw new DamagedGzip(`the gzip data is damaged or cut off: ${(error as Error).message}`)
  } finally {
    source.destroy()
    gunzip.destroy()
  }
}
