/** Keeps the history in a folder. */

import { randomUUID } from 'node:crypto'
import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises'
import { dirname, join, sep } from 'node:path'
import { type HistoryStore, HistoryUnavailable } from '../../lib/history/store.ts'

/** Files that are being written begin with this character, so that they are not listed. */
const DRAFT = '.'

export class FolderHistoryStore implements HistoryStore {
  readonly name: string

  /** @param folder path of the folder, which is created with the first object */
  constructor(folder: string) {
    this.name = folder
  }

  async *list(prefix: string, after = ''): AsyncGenerator<string> {
    const from = join(this.name, prefix.slice(0, prefix.lastIndexOf('/') + 1))
    const files = (await this.#missing(readdir(from, { recursive: true, withFileTypes: true }))) ?? []
    const keys = files
      .filter(file => file.isFile() && !file.name.startsWith(DRAFT))
      .map(file => join(file.parentPath, file.name).slice(join(this.name, sep).length).replaceAll(sep, '/'))
    yield* keys.filter(key => key.startsWith(prefix) && key > after).sort()
  }

  async get(key: string): Promise<Buffer | undefined> {
    return await this.#missing(readFile(join(this.name, key)))
  }

  async put(key: string, bytes: Uint8Array): Promise<void> {
    const file = join(this.name, key)
    const draft = join(dirname(file), `${DRAFT}${randomUUID()}`)
    await this.#reached(mkdir(dirname(file), { recursive: true }))
    await this.#reached(writeFile(draft, bytes))
    await this.#reached(rename(draft, file))
  }

  #missing<T>(answer: Promise<T>): Promise<T | undefined> {
    return this.#reached(
      answer.catch(error => {
        if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined
        throw error
      }),
    )
  }

  #reached<T>(answer: Promise<T>): Promise<T> {
    return answer.catch(error => {
      throw new HistoryUnavailable(`The folder ${this.name} cannot be used: ${(error as Error).message}`, {
        cause: error,
      })
    })
  }
}
