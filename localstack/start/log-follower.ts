import { LogFile } from '../../cli/logs/log-file.ts'

const LOOK_EVERY_MS = 200

/**
 * Reads the lines that programs append to logs from now on, until it is stopped.
 *
 * @param files those that there are now: asked again and again, for a log may be begun later, and is then read whole
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
