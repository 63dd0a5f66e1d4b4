/** Opens the source of a recording, which is a file or standard input. */
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { addAbortSignal, type Readable } from 'node:stream'
import { fileFailure } from '../file-failure.ts'
import { type OnInvalid, type Recorded, readRecorded } from './recorded.ts'

export interface Source {
  readonly name: string
  /** True if the source can be read more than once. This applies to files, but not to pipes. */
  readonly isRepeatable: boolean
  /** Size in bytes; null if unknown. */
  readonly bytes: number | null
  /**
   * Reads the recorded items in order, up to the current end of the source.
   *
   * @param onInvalid called for each invalid line, which is then skipped; see `readRecorded`
   */
  read(onInvalid?: OnInvalid): AsyncGenerator<readonly Recorded[]>
}

/** Number of bytes per read. It corresponds to some thousand events, so that they can be published in large requests. */
const READ_BYTES = 1024 * 1024

/** Determines where recordings are read from. */
export interface Recordings {
  /** Base folder of relative file names. */
  readonly folder: string
  /** Stream that is read for the file name `-`. */
  readonly stdin: Readable
  readonly stop: AbortSignal
}

/**
 * Returns the source with this name.
 *
 * @param file file name, or `-` for standard input
 */
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
