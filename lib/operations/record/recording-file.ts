/**
 * The file that a recording is written to. Until it is whole it is called `FILE.part`, and ends with a whole line; beside it,
 * `FILE.position` says where to continue. Gzip is written in members, each of which ends with a line: what is there can always be
 * read.
 */
import { type FileHandle, open, rename, rm } from 'node:fs/promises'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { OperationFailure } from '../failure.ts'
import { exists, fileFailure } from '../file-failure.ts'
import { savePosition } from '../position-file.ts'
import type { RecordingPosition } from './position.ts'

const zipped = promisify(gzip)

/** Lines that are held before they are written, in characters: so much is recorded again after a kill. */
const HELD = 4 * 1024 * 1024

export class RecordingFile {
  readonly #path: string
  readonly #handle: FileHandle
  readonly #isZipped: boolean
  #bytes: number
  #lines: string[] = []
  #held = 0

  private constructor(path: string, handle: FileHandle, bytes: number) {
    this.#path = path
    this.#handle = handle
    this.#isZipped = path.endsWith('.gz')
    this.#bytes = bytes
  }

  /** @throws OperationFailure if the file, or a part of it, is there already */
  static async create(path: string, name: string): Promise<RecordingFile> {
    if (await exists(path)) throw new OperationFailure(`${name} is there already: name a file that is not.`)
    if (await exists(partOf(path)))
      throw new OperationFailure(
        `${name}: a recording into it was stopped. Go on with --resume, or remove ${name}.part and ${name}.position.`,
      )
    try {
      return new RecordingFile(path, await open(partOf(path), 'wx', 0o600), 0)
    } catch (error) {
      throw fileFailure(name, error)
    }
  }

  /** Cuts off what was written behind the position. @throws OperationFailure if the part is missing, or shorter than that */
  static async resume(path: string, name: string, { bytes }: RecordingPosition): Promise<RecordingFile> {
    try {
      const handle = await open(partOf(path), 'r+')
      const { size } = await handle.stat()
      if (size >= bytes) {
        await handle.truncate(bytes)
        return new RecordingFile(path, handle, bytes)
      }
      await handle.close()
    } catch (error) {
      throw fileFailure(`${name}.part`, error)
    }
    throw new OperationFailure(
      `${name}.part is shorter than ${name}.position says: remove both, and record anew.`,
    )
  }

  get isFull(): boolean {
    return this.#held >= HELD
  }

  add(line: string): void {
    this.#lines.push(`${line}\n`)
    this.#held += line.length + 1
  }

  /** Writes what is held, and then how far that is. */
  async flush(standing: Omit<RecordingPosition, 'bytes'>): Promise<void> {
    const text = Buffer.from(this.#lines.join(''))
    this.#lines = []
    this.#held = 0
    if (text.length > 0) {
      const bytes = this.#isZipped ? await zipped(text) : text
      await writeAll(this.#handle, bytes, this.#bytes)
      this.#bytes += bytes.length
    }
    await savePosition(positionOf(this.#path), { ...standing, bytes: this.#bytes })
  }

  /** Gives the file its name, now that it is whole. */
  async complete(): Promise<void> {
    if (this.#bytes === 0 && this.#isZipped) await this.#handle.write(await zipped(Buffer.alloc(0)))
    await this.#handle.close()
    await rename(partOf(this.#path), this.#path)
    await rm(positionOf(this.#path), { force: true })
  }

  close(): Promise<void> {
    return this.#handle.close()
  }
}

async function writeAll(handle: FileHandle, bytes: Buffer, position: number): Promise<void> {
  for (let at = 0; at < bytes.length; )
    at += (await handle.write(bytes, at, bytes.length - at, position + at)).bytesWritten
  await handle.datasync()
}

export function positionOf(path: string): string {
  return `${path}.position`
}

function partOf(path: string): string {
  return `${path}.part`
}
