import { watch } from 'chokidar'

/** Time without writes after which a save is complete. A save often consists of several writes to several files. */
const QUIET_MS = 150

/** Files of the packages that this project does not run: code built for other projects, and tests, with a link to their packages. */
const IGNORED = 'packages/*/{dist,test}/**'

interface WatcherOptions {
  readonly projectDir: string
  /** Paths or glob patterns, relative to the project or absolute. */
  readonly patterns: readonly string[]
  /** Start time in epoch milliseconds. Files written after this time count as saved, even if the watcher was not ready then. */
  readonly sinceMs: number
  /** Called once per save with paths relative to the project. Calls do not overlap. */
  readonly onSave: (paths: readonly string[]) => Promise<void>
  /** Reports that files cannot be watched. It is called once, and no save is reported afterwards. */
  readonly onFailure: (message: string) => void
}

/** Limits of Linux that all programs of a user share, by the code of the error when they are reached. */
const LIMITS: Readonly<Record<string, string>> = {
  ENOSPC: 'fs.inotify.max_user_watches',
  EMFILE: 'fs.inotify.max_user_instances',
}

/** Watches files and reports each save: created, changed and deleted files. */
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
    this.#watch = watch([...patterns], { cwd: projectDir, alwaysStat: true, ignored: IGNORED })
    this.#watch.on('ready', () => {
      this.#isReady = true
    })
    this.#watch.on('error', error => this.#fail(error))
    this.#watch.on('all', (event, path, stats) => {
      if (event.endsWith('Dir')) return
      if (!this.#isReady && (stats?.mtimeMs ?? 0) < sinceMs) return
      this.#saved.add(path)
      clearTimeout(this.#timer)
      this.#timer = setTimeout(() => this.#notify(), QUIET_MS)
    })
  }

  async close(): Promise<void> {
    clearTimeout(this.#timer)
    await this.#watch.close()
    await this.#work
  }

  /** Ends the watch, since it is incomplete, and other programs of the user may need what it holds. */
  #fail({ message, code = message }: NodeJS.ErrnoException): void {
    void this.#watch.close()
    // Closing removes the listeners, and a further error without one would end the process.
    this.#watch.on('error', () => {})
    const limit = LIMITS[code]
    const todo = limit ? `. Raise ${limit} with sysctl, or end other programs that watch files` : ''
    this.#options.onFailure(
      `files cannot be watched (${code}), so a saved file is in force after a restart${todo}`,
    )
  }

  #notify(): void {
    const paths = [...this.#saved].sort()
    this.#saved.clear()
    this.#work = this.#work.then(() => this.#options.onSave(paths))
  }
}
