import { readFile } from 'node:fs/promises'
import { inflateRawSync } from 'node:zlib'

const END_OF_DIRECTORY = 0x06054b50
const STORED = 0

/** Returns the files in a zip archive by path, according to its central directory (APPNOTE.TXT, 4.3.12). */
export async function readFiles(archive: string): Promise<Map<string, Buffer>> {
  const bytes = await readFile(archive)
  const end = bytes.lastIndexOf(Buffer.from(Uint32Array.of(END_OF_DIRECTORY).buffer))
  if (end === -1) throw new Error(`${archive} is not a zip archive`)
  const files = new Map<string, Buffer>()
  let at = bytes.readUInt32LE(end + 16)
  for (let left = bytes.readUInt16LE(end + 10); left > 0; left--) {
    const [nameLength, extraLength, commentLength] = [28, 30, 32].map(offset =>
      bytes.readUInt16LE(at + offset),
    ) as [number, number, number]
    const name = bytes.toString('utf8', at + 46, at + 46 + nameLength)
    files.set(
      name,
      contentAt(bytes, bytes.readUInt32LE(at + 42), bytes.readUInt32LE(at + 20), bytes.readUInt16LE(at + 10)),
    )
    at += 46 + nameLength + extraLength + commentLength
  }
  return files
}

function contentAt(bytes: Buffer, header: number, size: number, method: number): Buffer {
  const start = header + 30 + bytes.readUInt16LE(header + 26) + bytes.readUInt16LE(header + 28)
  const content = bytes.subarray(start, start + size)
  return method === STORED ? content : inflateRawSync(content)
}
