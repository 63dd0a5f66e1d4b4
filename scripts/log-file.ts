import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { StringDecoder } from 'node:string_decoder'

/** Maximum number of bytes of one read. */
const MAX_BYTES = 4 * 1024 * 1024

/** Reads lines of a file that another program appends to and may truncate. */
export class LogFile {
  readonly #path: string
  #position: number
  #decoder = new StringDecoder('utf8')
  #rest = ''

  /**
   * Opens a file.
   *
   * @param isFromEnd true to skip the present content; by default, the file is read from its beginning
   */
  constructor(path: string, isFromEnd = false) {
    this.#path = path
    this.#position = isFromEnd ? readSize(path) : 0
  }

  /** Returns the lines that were completed since the last call; empty if the file does not exist. */
  read(): string[] {
    const text = this.#newText()
    const lines = (this.#rest + text).split('\n')
    this.#rest = lines.pop() ?? ''
    return lines
  }

  #newText(): string {
    const file = openFile(this.#path)
    if (file === undefined) return ''
    try {
      const { size } = fstatSync(file)
      if (size < this.#position) this.#beginAnew()
      let text = ''
      while (this.#position < size) {
        const bytes = Buffer.alloc(Math.min(size - this.#position, MAX_BYTES))
        const count = readSync(file, bytes, 0, bytes.length, this.#position)
        if (count === 0) break
        this.#position += count
        text += this.#decoder.write(bytes.subarray(0, count))
      }
      return text
    } finally {
      closeSync(file)
    }
  }

  #beginAnew(): void {
    this.#position = 0
    this.#rest = ''
    this.#decoder = new StringDecoder('utf8')
  }
}

function readSize(path: string): number {
  const file = openFile(path)
  if (file === undefined) return 0
  try {
    return fstatSync(file).size
  } finally {
    closeSync(file)
  }
}

function openFile(path: string): number | undefined {
  try {
    return openSync(path, 'r')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

const LOOK_EVERY_MS = 200

/**
 * Follows log files: passes on lines that are appended from now on, until the returned function is called.
 *
 * @param files function that returns the current files. It is called repeatedly, because logs may be created later. A new log is
 * read from its beginning.
 */
export function followLogs(
  files: () => readonly string[],
  onLine: (line: string, file: string) => void,
): () => void {
  const followed = new Map(files().map(file => [file, new LogFile(file, true)]))
  const look = () => {
    for (const file of files()) if (!followed.has(file)) followed.set(file, new LogFile(file))
    for (const [file, log] of followed) for (const line of log.read()) onLine(line, file)
  }
  const timer = setInterval(look, LOOK_EVERY_MS)
  return () => {
    clearInterval(timer)
    look()
  }
}
