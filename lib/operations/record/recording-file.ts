/**
 * File to which a recording is written. An incomplete recording has the name `FILE.part`, and `FILE.position` contains the position
 * at which to continue. Both are updated only after complete lines. Compressed recordings consist of several gzip members that each
 * end with a line, so an incomplete recording can be read.
 */
import { type FileHandle, open, rename, rm } from 'node:fs/promises'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { OperationFailure } from '../failure.ts'
import { exists, fileFailure } from '../file-failure.ts'
import { savePosition } from '../position-file.ts'
import type { RecordingPosition } from './position.ts'

const zipped = promisify(gzip)

/** Maximum size of buffered lines, in characters. If the process is killed, buffered lines are lost and recorded again. */
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

  /**
   * Creates the file of a new recording.
   *
   * @throws OperationFailure if the file, or an incomplete recording of it, already exists
   */
  static async create(path: string, name: string): Promise<RecordingFile> {
    if (await exists(path)) throw new OperationFailure(`${name} already exists: choose another file.`)
    if (await exists(partOf(path)))
      throw new OperationFailure(
        `${name}: a recording to this file was stopped. Continue with --resume, or remove ${name}.part and ${name}.position.`,
      )
    try {
      return new RecordingFile(path, await open(partOf(path), 'wx', 0o600), 0)
    } catch (error) {
      throw fileFailure(name, error)
    }
  }

  /**
   * Opens an incomplete recording, and truncates it to its position.
   *
   * @throws OperationFailure if the incomplete recording is missing, or shorter than the position
   */
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
      `${name}.part is shorter than specified in ${name}.position: remove both and start a new recording.`,
    )
  }

  get isFull(): boolean {
    return this.#held >= HELD
  }

  add(line: string): void {
    this.#lines.push(`${line}\n`)
    this.#held += line.length + 1
  }

  /** Writes the buffered lines, and then stores the position. */
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

  /** Renames the complete recording to its final name. */
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
