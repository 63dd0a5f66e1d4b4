/** Opens the file of a recording. */
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { addAbortSignal, pipeline, type Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { fileFailure, OperationFailure } from '../../../lib/support/operation-failure.ts'
import { type Recorded, readRecorded } from './recorded-items.ts'

export interface Source {
  readonly name: string
  /** Reads the recorded items in order, from the beginning of the file. */
  read(): AsyncGenerator<readonly Recorded[]>
}

/** Number of bytes per read. It corresponds to some thousand events, so that they can be published in large requests. */
const READ_BYTES = 1024 * 1024

/** Opens a file to be read. If its name ends in .gz, it is decompressed. */
export function openFile(path: string): Readable {
  const file = createReadStream(path, { highWaterMark: READ_BYTES })
  // The pipeline forwards errors of the file to the reader.
  return path.endsWith('.gz') ? pipeline(file, createGunzip({ chunkSize: READ_BYTES }), () => {}) : file
}

/**
 * Returns the recording with this name.
 *
 * @throws OperationFailure if it is not a file, because a recording is read twice
 */
export async function openSource(
  file: string,
  { folder, stop }: { readonly folder: string; readonly stop: AbortSignal },
): Promise<Source> {
  const path = resolve(folder, file)
  const found = await stat(path).catch(error => Promise.reject(fileFailure(file, error)))
  if (!found.isFile()) throw new OperationFailure(`${file}: it is not a file`)
  return {
    name: file,
    async *read() {
      try {
        yield* readRecorded(addAbortSignal(stop, openFile(path)), file)
      } catch (error) {
        throw fileFailure(file, error)
      }
    },
  }
}
