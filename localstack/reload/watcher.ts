import { watch } from 'chokidar'

/** A save is often several writes, and often of several files: it is over when so long nothing was written. */
const QUIET_MS = 150

interface WatcherOptions {
  readonly projectDir: string
  /** Paths or glob patterns, relative to the project or absolute. */
  readonly patterns: readonly string[]
  /** Files that were written after this instant count as saved even if that was before the watcher was ready. */
  readonly sinceMs: number
  /** Given the paths as they stand to the project. What it does for one save is done before it is given the next. */
  readonly onSave: (paths: readonly string[]) => Promise<void>
}

/** Watches files, and tells of saves: created, changed and deleted files alike. */
export class Watcher {
  readonly #options: WatcherOptions
  readonly #watch: ReturnType<typeof watch>
  readonly #saved = new Set<string>()
  #timer: NodeJS.Timeout | undefined
  #work: Promise<void> = Promise.resolve()
  #isReady = false

  constructor(options: WatcherOptions) {
    this.#options = options
    const { patterns, projectDir, sinceMs } = options
    this.#watch = watch([...patterns], { cwd: projectDir, alwaysStat: true })
    this.#watch.on('ready', () => {
      this.#isReady = true
    })
    this.#watch.on('all', (event, path, stats) => {
      if (event.endsWith('Dir')) return
      if (!this.#isReady && (stats?.mtimeMs ?? 0) < sinceMs) return
      this.#saved.add(path)
      clearTimeout(this.#timer)
      this.#timer = setTimeout(() => this.#tell(), QUIET_MS)
    })
  }

  async close(): Promise<void> {
    clearTimeout(this.#timer)
    await this.#watch.close()
    await this.#work
  }

  #tell(): void {
    const paths = [...this.#saved].sort()
    this.#saved.clear()
    this.#work = this.#work.then(() => this.#options.onSave(paths))
  }
}
