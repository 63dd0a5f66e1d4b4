import { type Stats, unwatchFile, watchFile } from 'node:fs'
import { basename, dirname, resolve } from 'node:path'
import type { FunctionFacts } from './function-facts.ts'
import { findModuleFile } from './runtimes/node/load-handler.ts'

/** Interval of checks, in milliseconds. A file without a change for two of them is complete. */
const INTERVAL_MS = 250

/** Watches the files of handlers, so that builds take effect which no plugin announces. */
export class HandlerWatch {
  readonly #listeners = new Map<string, (stats: Stats) => void>()
  readonly #onChange: (file: string) => void

  constructor(onChange: (file: string) => void) {
    this.#onChange = onChange
  }

  /** Watches the file of a handler, if there is one: its module may also be a package or a folder. */
  add({ folder, handler }: Pick<FunctionFacts, 'folder' | 'handler'>): void {
    const [name = ''] = basename(handler).split('.')
    const file = findModuleFile(resolve(folder, dirname(handler), name))
    if (file === undefined || this.#listeners.has(file)) return
    const report = () => this.#listeners.has(file) && this.#onChange(file)
    let timer: NodeJS.Timeout | undefined
    const onStat = ({ size }: Stats) => {
      clearTimeout(timer)
      // A file that is missing or empty is being written.
      if (size > 0) timer = setTimeout(report, 2 * INTERVAL_MS).unref()
    }
    this.#listeners.set(file, onStat)
    watchFile(file, { interval: INTERVAL_MS, persistent: false }, onStat)
  }

  close(): void {
    for (const [file, listener] of this.#listeners) unwatchFile(file, listener)
    this.#listeners.clear()
  }
}
