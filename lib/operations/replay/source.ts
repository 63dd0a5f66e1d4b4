/** A recording, as a file or as standard input. */
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { addAbortSignal, type Readable } from 'node:stream'
import { fileFailure } from '../file-failure.ts'
import { type OnInvalid, type Recorded, readRecorded } from './recorded.ts'

export interface Source {
  readonly name: string
  /** Whether it can be read more than once, as a file can and a pipe cannot. */
  readonly isRepeatable: boolean
  /** Size in bytes; null if unknown. */
  readonly bytes: number | null
  /**
   * Reads the recorded items in order, up to the present end.
   *
   * @param onInvalid leaves out lines that cannot be read, see `readRecorded`
   */
  read(onInvalid?: OnInvalid): AsyncGenerator<readonly Recorded[]>
}

/** Bytes a read: some thousand events, so that they can be published in large requests. */
const READ_BYTES = 1024 * 1024

/** Where recordings come from. */
export interface Recordings {
  /** Relative names of files start here. */
  readonly folder: string
  /** The recording that is called `-`. */
  readonly stdin: Readable
  readonly stop: AbortSignal
}

/** @param file `-` is standard input */
export async function sourceOf(file: string, from: Recordings): Promise<Source> {
  if (file === '-') return source('standard input', null, () => from.stdin, from)
  const path = resolve(from.folder, file)
  const bytes = await stat(path).then(
    found => (found.isFile() ? found.size : null),
    error => Promise.reject(fileFailure(file, error)),
  )
  return source(file, bytes, () => createReadStream(path, { highWaterMark: READ_BYTES }), from)
}

function source(name: string, bytes: number | null, open: () => Readable, { stop }: Recordings): Source {
  return {
    name,
    isRepeatable: bytes !== null,
    bytes,
    async *read(onInvalid) {
      try {
        yield* readRecorded(addAbortSignal(stop, open()), name, onInvalid)
      } catch (error) {
        throw fileFailure(name, error)
      }
    },
  }
}
