/** Keeps the history in a folder. */

import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, join, sep } from 'node:path'
import { type HistoryStore, HistoryUnavailable, type StoredObject } from '../../lib/history/store.ts'
import { newId } from '../../packages/runtime/adapters/system.ts'

/** Files that are being written begin with this character, so that they are not listed. */
const DRAFT = '.'

export class FolderHistoryStore implements HistoryStore {
  readonly name: string

  /** @param folder path of the folder, which is created with the first object */
  constructor(folder: string) {
    this.name = folder
  }

  async *list(prefix: string): AsyncGenerator<StoredObject> {
    const from = join(this.name, prefix.slice(0, prefix.lastIndexOf('/') + 1))
    const files = (await this.#missing(readdir(from, { recursive: true, withFileTypes: true }))) ?? []
    const keys = files
      .filter(file => file.isFile() && !file.name.startsWith(DRAFT))
      .map(file => join(file.parentPath, file.name).slice(join(this.name, sep).length).replaceAll(sep, '/'))
    for (const key of keys.filter(one => one.startsWith(prefix)).sort()) {
      const found = await this.#missing(stat(join(this.name, key)))
      if (found) yield { key, bytes: found.size, modifiedMs: found.mtimeMs }
    }
  }

  async get(key: string): Promise<Buffer | undefined> {
    return await this.#missing(readFile(join(this.name, key)))
  }

  async put(key: string, bytes: Uint8Array): Promise<void> {
    const file = join(this.name, key)
    const draft = join(dirname(file), `${DRAFT}${newId()}`)
    await this.#reached(mkdir(dirname(file), { recursive: true }))
    await this.#reached(writeFile(draft, bytes))
    await this.#reached(rename(draft, file))
  }

  async delete(keys: readonly string[]): Promise<void> {
    for (const key of keys) await this.#reached(rm(join(this.name, key), { force: true }))
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
