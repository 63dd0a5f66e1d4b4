import { LogFile } from '../../programs/log-file.ts'

const LOOK_EVERY_MS = 200

/**
 * Follows log files: passes on lines that are appended from now on, until the returned function is called.
 *
 * @param files returns the current files. It is called repeatedly, because a log may be created later; such a log is
 * read from its start.
 */
export function followLogs(
  files: () => readonly string[],
  onLine: (line: string, file: string) => void,
): () => void {
  const followed = new Map(files().map(file => [file, new LogFile(file, 0)]))
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
